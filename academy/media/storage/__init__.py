"""Where files lie: a folder of this machine, or S3-compatible object storage."""
