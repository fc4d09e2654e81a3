"""The pure choice of nodes: (cluster, queue, policy, now) → placements with reasons; no database, no clock, no Celery."""
