"""The choice of nodes, pure: no database, no clock, no Celery; dispatcher and simulator call the same `place`."""

from crobot_tasks.router.cluster import Cluster
from crobot_tasks.router.order import Queue, Standing
from crobot_tasks.router.place import Decision, place, verdicts, why_waiting
from crobot_tasks.router.policy import Policy
from crobot_tasks.router.views import JobView, Kind, Load, NodeView, Placement, Reservation

__all__ = [
    "Cluster",
    "Decision",
    "JobView",
    "Kind",
    "Load",
    "NodeView",
    "Placement",
    "Policy",
    "Queue",
    "Reservation",
    "Standing",
    "place",
    "verdicts",
    "why_waiting",
]
