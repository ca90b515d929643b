"""Probing of files: formats by content, streams, packets."""
