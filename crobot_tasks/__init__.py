"""What is run, and where: the only package that knows Celery; one file for each letter of a job's life."""
