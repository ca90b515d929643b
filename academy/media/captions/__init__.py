"""Timed text: import and export, editing, versions, chapters."""
