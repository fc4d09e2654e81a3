"""Job systems that keep their jobs in PostgreSQL, measured beside CRobot and plain Celery."""
