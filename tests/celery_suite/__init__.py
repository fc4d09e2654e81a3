"""Celery's own tests of canvas, run over our cluster: `make canvas`; the tests themselves stay Celery's."""
