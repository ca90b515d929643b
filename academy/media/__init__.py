"""Uploads, probing, renditions, captions, storage, delivery."""
