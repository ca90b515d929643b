"""Reads subtitle files: bytes to text (`encoding`), then SubRip, WebVTT or Substation Alpha to cues.

`academy.media.captions.caption_files` is what others call; docs/decisions/0032-subtitle-parsers.md says why the parsers
are ours.
"""
