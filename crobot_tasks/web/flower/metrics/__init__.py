"""What Prometheus reads: Flower's numbers of Celery's events, and ours from the database, which forgets nothing.

No label has a value for each job, batch, user or tag, so there are few lines, for ever.
"""
