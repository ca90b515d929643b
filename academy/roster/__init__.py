"""Roster import: files are parsed, checked row by row, then applied completely or not at all."""
