"""Celery's Flower, closed until it has credentials, with CRobot's words for tasks."""
