"""The worker that runs plain Celery tasks, the callbacks of jobs, so that no head runs anybody's code."""
