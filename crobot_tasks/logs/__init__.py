"""Lines of logs: what they look like, and what each is about; knows Celery's signals only by being called."""
