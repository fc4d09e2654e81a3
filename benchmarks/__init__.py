"""Measurements of CRobot against plain Celery and shell scripts; run by hand (`make bench`) on a quiet machine."""
