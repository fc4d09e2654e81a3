"""Batches: many jobs that are made, sent, watched and steered as one, through Celery groups."""
