"""Parsers of subtitle files: bytes to text (`encoding`), then SubRip, WebVTT or Substation Alpha to cues.

Other modules call `academy.media.captions.caption_files`; docs/decisions/0032-subtitle-parsers.md explains why the
parsers are our own.
"""
