"""The pure choice of nodes: (cluster, queue, policy, now) → placements with reasons; no database, no clock."""

from crobot_tasks.router.cluster import Cluster
from crobot_tasks.router.order import Queue, charged
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
    "charged",
    "place",
    "verdicts",
    "why_waiting",
]
