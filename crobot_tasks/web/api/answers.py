"""What answers look like, for the description of the API, and for what is written."""

from __future__ import annotations

from marshmallow import Schema, fields


class SentSchema(Schema):
    """What became of a job that was sent."""

    job = fields.Integer(metadata={"description": "its number"})
    joined = fields.Boolean(
        metadata={"description": "a live job for the same thing was there, and is joined"}
    )
    cached = fields.Boolean(metadata={"description": "an earlier job has the result, and nothing was sent"})
    why_waiting = fields.String(
        metadata={"description": "the nodes as they were at most a second before it was sent"}
    )
    url = fields.String()


class SentManySchema(Schema):
    """What became of jobs that were sent, in their order."""

    jobs = fields.List(fields.Nested(SentSchema))


class _JobFacts(Schema):
    id = fields.Integer()
    state = fields.String()
    pipeline = fields.String()
    version = fields.String()
    type = fields.String()
    tag = fields.String()
    database = fields.String(allow_none=True)
    batch = fields.String()
    user_id = fields.Integer()
    workgroup = fields.String()
    priority = fields.Integer()
    attempt = fields.Integer()
    node = fields.String(allow_none=True)
    outcome = fields.String(allow_none=True)
    message = fields.String(allow_none=True)
    cores = fields.Integer()
    memory_bytes = fields.Integer()
    disk_bytes = fields.Integer()
    sent_at = fields.AwareDateTime()
    available_at = fields.AwareDateTime()
    started_at = fields.AwareDateTime(allow_none=True)
    finished_at = fields.AwareDateTime(allow_none=True)
    cancel_requested_at = fields.AwareDateTime(allow_none=True)
    held_at = fields.AwareDateTime(allow_none=True)
    hold_reason = fields.String()
    progress = fields.Raw(allow_none=True, metadata={"description": "state and meta, as its body tells"})
    why = fields.String(metadata={"description": "why it waits, or where it is"})
    url = fields.String()


class ListedJobSchema(_JobFacts):
    """A job in a list."""


class JobsSchema(Schema):
    """A page of jobs, the newest first."""

    jobs = fields.List(fields.Nested(ListedJobSchema))
    next = fields.String(allow_none=True, metadata={"description": "the path of the next page"})


class AttemptSchema(Schema):
    """One try at a job."""

    number = fields.Integer()
    node = fields.String()
    reason = fields.String()
    routed_at = fields.AwareDateTime()
    started_at = fields.AwareDateTime(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    outcome = fields.String(allow_none=True)
    message = fields.String(allow_none=True)
    cores = fields.Integer()
    memory_bytes = fields.Integer()
    usage = fields.Raw(allow_none=True)


class EstimateSchema(Schema):
    """When a job that waits may begin."""

    nodes = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata={"description": "node → what it lacks; empty: it would take it"},
    )
    own_ahead = fields.Integer(metadata={"description": "jobs of its user that come before"})
    owners_ahead = fields.Integer(metadata={"description": "other users who come before"})
    starts_in_s = fields.Float(allow_none=True, metadata={"description": "null: nobody can say"})


class FollowerSchema(Schema):
    """A job that followed from another."""

    job = fields.Integer()
    pipeline = fields.String()
    type = fields.String()
    tag = fields.String()
    state = fields.String()
    url = fields.String()


class JobAnswerSchema(_JobFacts):
    """A job with its attempts, its result, and what came of it."""

    time_limit_s = fields.Integer()
    attempts = fields.List(fields.Nested(AttemptSchema))
    result = fields.Raw(allow_none=True)
    resent_from = fields.Integer(
        allow_none=True, metadata={"description": "the job that was sent again as this one"}
    )
    assembly = fields.String(
        allow_none=True,
        metadata={"description": "barcode of the assembly that it made, or on which a scheme was called"},
    )
    analysis = fields.Integer(allow_none=True, metadata={"description": "the analysis that it calculates"})
    project = fields.Integer(
        allow_none=True, metadata={"description": "the SNP project that it is a step of"}
    )
    followers = fields.List(
        fields.Nested(FollowerSchema),
        metadata={"description": "jobs that came after it for the same reads or the assembly that it made"},
    )
    estimate = fields.Nested(EstimateSchema, allow_none=True)


class ChangedSchema(Schema):
    """A job after a change."""

    job = fields.Integer()
    state = fields.String()
    was = fields.String()


class FileSchema(Schema):
    """A file that a job has written."""

    name = fields.String()
    file = fields.String(metadata={"description": "the name under which it is stored"})
    bytes = fields.Integer(allow_none=True, metadata={"description": "null: it is not there any more"})
    url = fields.String()


class FilesSchema(Schema):
    """The files of a job."""

    files = fields.List(fields.Nested(FileSchema))


class NodeSchema(Schema):
    """A calculation node."""

    name = fields.String()
    state = fields.String()
    drain_reason = fields.String(allow_none=True)
    quarantine_reason = fields.String(allow_none=True)
    drained_at = fields.AwareDateTime(allow_none=True)
    quarantined_at = fields.AwareDateTime(allow_none=True)
    cores = fields.Integer()
    cores_used = fields.Integer()
    memory_bytes = fields.Integer()
    free_disk_bytes = fields.Integer()
    live_attempts = fields.Integer()
    pipelines = fields.Raw()
    unavailable = fields.Raw()
    heard_s_ago = fields.Float()
    heartbeat_at = fields.AwareDateTime()
    first_seen_at = fields.AwareDateTime()
    software = fields.Raw()


class NodesSchema(Schema):
    """All nodes."""

    nodes = fields.List(fields.Nested(NodeSchema))
    warning = fields.String(allow_none=True, metadata={"description": "no head reads heartbeats"})


class HealthSchema(Schema):
    """Whether the servers answer."""

    database = fields.String()
    broker = fields.String()


class TicketSchema(Schema):
    """What opens one stream of events."""

    url = fields.String(metadata={"description": "where streams are"})
    ticket = fields.String(
        metadata={"description": "for the field `ticket` of that address; it is used once"}
    )
    expires_in_s = fields.Integer()
