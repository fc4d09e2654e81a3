"""(e) The parts of `settle`: who settles, and how Celery results are answered."""
