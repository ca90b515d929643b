"""Courseware in office formats and PDF: kinds, conversion, pages as pictures and text."""
