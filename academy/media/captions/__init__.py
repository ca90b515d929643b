"""Timed text: files in and out, editing, versions, chapters."""
