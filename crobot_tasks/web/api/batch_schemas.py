"""What requests on batches look like, and what is told of a batch."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from crobot_errors import OutcomeKind
from crobot_tasks.batches.standing import CACHED, FORGOTTEN, SKIPPED, UNSENT
from crobot_tasks.batches.where import OF_ASSEMBLIES, OF_STRAINS
from crobot_tasks.web.api.schemas import (
    Number,
    ResendSchema,
    Strict,
    Text,
    Yes,
    an_object,
    callback,
    mark,
    priority,
    whole,
)
from db.crobot import JobState

#: items that one request may make a batch of, since all are one transaction
MOST_ITEMS = 100_000
#: failures in one request
MOST_RESENT = 1000
#: states of an item
STATES = (*JobState, UNSENT, SKIPPED, CACHED, FORGOTTEN)
_FAILURES = [kind.value for kind in OutcomeKind if kind is not OutcomeKind.OK]


class WhereSchema(Strict):
    """A choice by what the database knows."""

    what = fields.String(
        required=True,
        validate=validate.OneOf(sorted({*OF_STRAINS, *OF_ASSEMBLIES})),
        metadata={
            "description": f"of strains {', '.join(OF_STRAINS)}; of assemblies {', '.join(OF_ASSEMBLIES)}"
        },
    )
    outcome = fields.String(
        validate=validate.OneOf(_FAILURES),
        metadata={"description": "with `failed`: only failures of this kind"},
    )
    since = fields.AwareDateTime(
        default_timezone=UTC, metadata={"description": "those that came then or later"}
    )
    until = fields.AwareDateTime(default_timezone=UTC, metadata={"description": "those that came before"})
    attributes = fields.Dict(
        keys=Text(), values=Text(), metadata={"description": "of the strain: country, year, …"}
    )

    @validates_schema
    def _of_failed(self, data: dict[str, Any], **_: Any) -> None:
        if "outcome" in data and data["what"] != "failed":
            raise ValidationError("only with what: failed", "outcome")


def _names(description: str) -> fields.List[Any]:
    return fields.List(Text(), validate=validate.Length(1, MOST_ITEMS), metadata={"description": description})


class MakeBatchSchema(Strict):
    """A batch: strains to be assembled; or, with a scheme, assemblies on which it is to be called."""

    name = Text(required=True, metadata={"description": "up to 100 letters, digits, _, . and -"})
    database = Text(required=True, metadata={"description": "the species"})
    strains = _names("barcodes or names of strains, or accessions of their runs")
    scheme = Text(metadata={"description": "a scheme of the species, to be called on assemblies"})
    assemblies = _names("with a scheme: barcodes of assemblies, or barcodes or names of strains")
    where = fields.Nested(WhereSchema, metadata={"description": "instead of names: by what is known of them"})
    params = an_object("of an assembly: parameters of QAssembly")
    again = Yes(metadata={"description": "do again what has a current result"})
    workgroup = Text(metadata={"description": "the token's own, which it is by default"})
    callback = callback()
    priority = priority()
    live_limit = whole(
        1, 100_000, metadata={"description": "the next are sent when fewer of its jobs are live"}
    )
    slice_size = whole(1, 10_000, metadata={"description": "jobs that are sent together"})
    max_failures = whole(1, 2**31 - 1, metadata={"description": "so many failures pause it"})
    max_failed_share = Number(
        validate=validate.Range(0, 1, min_inclusive=False),
        metadata={
            "description": "so large a share of its items, when it failed, pauses it",
            "exclusiveMinimum": True,
        },
    )

    @validates_schema
    def _one_choice(self, data: dict[str, Any], **_: Any) -> None:
        named = "assemblies" if "scheme" in data else "strains"
        other = "strains" if "scheme" in data else "assemblies"
        if other in data:
            raise ValidationError(
                f"{'with' if 'scheme' in data else 'without'} a scheme, give {named}", other
            )
        if (named in data) == ("where" in data):
            raise ValidationError(f"say which: either {named} or where", named)
        if "scheme" in data and "params" in data:
            raise ValidationError("only of assemblies that are made: leave it out with a scheme", "params")
        known = OF_ASSEMBLIES if "scheme" in data else OF_STRAINS
        if "where" in data and data["where"]["what"] not in known:
            raise ValidationError(
                {"where": {"what": [f"not known of {named}: there are {', '.join(known)}"]}}
            )


class BatchesQuery(Strict):
    """Which batches are listed."""

    over = fields.Boolean(load_default=False, metadata={"description": "also those that are over"})
    limit = fields.Integer(load_default=20, validate=validate.Range(1, 100))
    after = mark()


class ItemsQuery(Strict):
    """Which items of a batch are listed."""

    state = fields.List(
        fields.String(validate=validate.OneOf(STATES)), metadata={"description": "may be repeated"}
    )
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))
    after = mark()


class ReportQuery(Strict):
    """How the report is written."""

    format = fields.String(load_default="json", validate=validate.OneOf(("json", "tsv")))


class PrioritySchema(Strict):
    """Another priority."""

    priority = priority(required=True)


class ResendFailedSchema(ResendSchema):
    """What is sent again, and what is to be different."""

    outcome = fields.String(
        validate=validate.OneOf(_FAILURES), metadata={"description": "only what failed in this way"}
    )


# --- answers ----------------------------------------------------------------------------------------------------------


class StandingSchema(Schema):
    """How many items stand how; each is in one of the states."""

    size = fields.Integer()
    unsent = fields.Integer()
    queued = fields.Integer()
    running = fields.Integer()
    complete = fields.Integer()
    cached = fields.Integer(metadata={"description": "an earlier job had the result"})
    failed = fields.Integer()
    cancelled = fields.Integer()
    skipped = fields.Integer(metadata={"description": "nothing could be sent"})
    forgotten = fields.Integer(metadata={"description": "the row of the job has been removed since"})
    live = fields.Integer(metadata={"description": "queued or running"})
    over = fields.Integer()
    failures = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata={"description": "kind → items"}
    )
    cpu_s = fields.Float()
    mean_cpu_s = fields.Float(allow_none=True)
    to_come_cpu_s = fields.Float(allow_none=True)
    began_at = fields.AwareDateTime(allow_none=True)


class BatchSchema(Schema):
    """How a batch stands."""

    batch = fields.String()
    state = fields.String()
    kind = fields.String(metadata={"description": "assemble, scheme, or calls (signatures)"})
    database = fields.String(allow_none=True)
    shared = fields.Raw(metadata={"description": "what its jobs have in common: scheme, params, again"})
    chosen_by = fields.String()
    user_id = fields.Integer()
    workgroup = fields.String()
    priority = fields.Integer()
    live_limit = fields.Integer()
    slice_size = fields.Integer()
    max_failures = fields.Integer(allow_none=True)
    max_failed_share = fields.Float(allow_none=True)
    created_at = fields.AwareDateTime()
    paused_at = fields.AwareDateTime(allow_none=True)
    pause_reason = fields.String()
    cancelled_at = fields.AwareDateTime(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    items = fields.Nested(StandingSchema)
    live_followers = fields.Integer(metadata={"description": "live jobs that followed on its items'"})
    elapsed_s = fields.Float(allow_none=True)
    rate = fields.Float(allow_none=True, metadata={"description": "items a second"})
    left_s = fields.Float(allow_none=True)
    ends_at = fields.AwareDateTime(allow_none=True)
    url = fields.String()


class BatchesSchema(Schema):
    """A page of batches, the newest first."""

    batches = fields.List(fields.Nested(BatchSchema))
    next = fields.String(allow_none=True, metadata={"description": "the path of the next page"})


class LeftOutSchema(Schema):
    """What of a choice nothing can be sent for."""

    items = fields.Integer()
    first = fields.List(fields.String(), metadata={"description": "why, of the first few"})


class MadeBatchSchema(BatchSchema):
    """A batch that was made."""

    doubles = fields.Integer(metadata={"description": "given twice, and dropped"})
    left_out = fields.Nested(LeftOutSchema)


class ItemSchema(Schema):
    """One item of a batch."""

    number = fields.Integer()
    key = fields.String(metadata={"description": "barcode of the strain or the assembly"})
    job_id = fields.Integer(allow_none=True)
    state = fields.String()
    outcome = fields.String()
    message = fields.String(allow_none=True)
    sent_at = fields.AwareDateTime(allow_none=True)
    started_at = fields.AwareDateTime(allow_none=True)
    finished_at = fields.AwareDateTime(allow_none=True)
    attempts = fields.Integer()
    wall_s = fields.Float()
    cpu_s = fields.Float()


class ItemsSchema(Schema):
    """A page of items, in order; a page may be shorter than asked for, and yet have a next one."""

    items = fields.List(fields.Nested(ItemSchema))
    next = fields.String(allow_none=True, metadata={"description": "the path of the next page"})


class ReportSchema(BatchSchema):
    """Every item of a batch accounted for."""

    account = fields.Raw(
        metadata={"description": "states, causes of failures, what was left out, costs, the slowest"}
    )


class RefusedSchema(Schema):
    """An item that could not be sent again."""

    item = fields.Integer()
    detail = fields.String()


class ResentSchema(Schema):
    """What was sent again."""

    batch = fields.String()
    sent = fields.Integer()
    refused = fields.List(fields.Nested(RefusedSchema))
    left = fields.Integer(
        metadata={"description": "failures that are left: the same request sends the next of them"}
    )
