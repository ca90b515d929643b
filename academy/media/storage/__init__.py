"""File storage: a folder of this machine, or S3-compatible object storage."""
