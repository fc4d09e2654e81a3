"""What happened: the only package that knows SQLAlchemy; it knows neither Celery nor the workers."""
