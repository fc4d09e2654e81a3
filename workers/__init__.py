"""How a calculation node works: pipelines, their tools and files; knows neither Celery nor the database."""
