"""Index and query over transcripts and courseware, fed by events."""
