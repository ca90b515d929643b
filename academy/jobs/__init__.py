"""Events, background jobs and the worker."""
