"""Schema `crobot`: jobs, their attempts, the nodes, and every statement on them."""

from db.crobot.models.access import ApiToken, Change, EventTicket, KeptAnswer
from db.crobot.models.batches import Batch, BatchCallback, BatchItem, BatchResend, BatchSlice
from db.crobot.models.jobs import LIVE, LIVE_SQL, OVER, OVER_SQL, Attempt, Job, JobState
from db.crobot.models.nodes import Node
from db.crobot.models.past import PastAnswer
from db.crobot.models.placement import (
    AcceptedPolicy,
    Accounting,
    Duration,
    Ends,
    Pause,
    PausedKind,
    Share,
    Typical,
)
from db.crobot.models.results import Chord, Message, Revoked, Settlement
from db.crobot.models.upkeep import DailyUpdate, Monitoring, Numbers, Pruning, Restore, Storage
from db.crobot.models.webhooks import (
    Delivery,
    DeliveryState,
    SubjectKind,
    Webhook,
    WebhookOff,
    WebhookSecret,
)

__all__ = [
    "LIVE",
    "LIVE_SQL",
    "OVER",
    "OVER_SQL",
    "AcceptedPolicy",
    "Accounting",
    "Duration",
    "Ends",
    "ApiToken",
    "Attempt",
    "Batch",
    "BatchCallback",
    "BatchItem",
    "BatchResend",
    "BatchSlice",
    "Change",
    "Chord",
    "DailyUpdate",
    "Delivery",
    "DeliveryState",
    "EventTicket",
    "Monitoring",
    "Job",
    "JobState",
    "KeptAnswer",
    "Message",
    "Node",
    "PastAnswer",
    "Numbers",
    "Pause",
    "PausedKind",
    "Pruning",
    "Restore",
    "Revoked",
    "Settlement",
    "Share",
    "Storage",
    "SubjectKind",
    "Typical",
    "Webhook",
    "WebhookOff",
    "WebhookSecret",
]
