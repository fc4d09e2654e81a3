"""Measurements of CRobot against plain Celery and against shell scripts; run by hand (`make bench`) on a quiet machine."""
