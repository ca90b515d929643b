"""Captions as rows: editing, kept versions, chapters, the glossary."""
