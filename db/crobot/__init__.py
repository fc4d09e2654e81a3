"""Schema `crobot`: jobs, their attempts, the nodes, and every statement on them."""

from db.crobot.models import (
    LIVE,
    LIVE_SQL,
    AcceptedPolicy,
    Accounting,
    Attempt,
    Chord,
    Job,
    JobState,
    Monitoring,
    Node,
    Pause,
    PausedKind,
    Settlement,
    Share,
    Typical,
)

__all__ = [
    "LIVE",
    "LIVE_SQL",
    "AcceptedPolicy",
    "Accounting",
    "Attempt",
    "Chord",
    "Monitoring",
    "Job",
    "JobState",
    "Node",
    "Pause",
    "PausedKind",
    "Settlement",
    "Share",
    "Typical",
]
