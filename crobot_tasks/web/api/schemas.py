"""What requests and answers look like; fields are strict: a number that comes as text is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from crobot_tasks.broker.json_values import storable
from db.crobot import JobState

#: texts of people are no longer
_TEXT_CHARACTERS = 1000
#: as many jobs one request may send
MOST_JOBS = 1000
_MOST_READ_SETS = 100
#: seconds that a request may wait for a log to grow
MOST_WAIT_S = 20


class Strict(Schema):
    """A schema that names the fields which it knows."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        known = ", ".join(self.load_fields)
        self.error_messages = self.error_messages | {"unknown": f"no such field; known are {known}"}


class Text(fields.String):
    """A text that the database can store, on one line."""

    default_error_messages = {"invalid": "not a text: write it in quotes"}
    #: the same for the description of the API
    _DESCRIBED = {"maxLength": _TEXT_CHARACTERS, "pattern": r"^[^\u0000\n\r]*$"}

    def __init__(self, *, metadata: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(metadata=self._DESCRIBED | dict(metadata or {}), **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if len(text) > _TEXT_CHARACTERS:
            raise ValidationError(f"longer than {_TEXT_CHARACTERS} characters")
        if storable(text) != text or "\n" in text or "\r" in text:
            raise ValidationError("has a line break, NUL or half a surrogate pair: leave it out")
        return text


class Yes(fields.Boolean):
    """true or false, and nothing that merely means it."""

    default_error_messages = {"invalid": "not true or false"}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Number(fields.Float):
    """A number, and no text of one."""

    default_error_messages = {"invalid": "not a number: write it without quotes"}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> float:
        if not isinstance(value, int | float):
            raise self.make_error("invalid", input=value)
        given: float = super()._deserialize(value, attr, data, **kwargs)
        return given


def whole(least: int, most: int, **options: Any) -> fields.Integer:
    """A whole number within limits, and no text of one."""
    wrong = f"not a whole number from {least} to {most}; write it without quotes"
    limits = validate.Range(least, most, error=f"not from {least} to {most}")
    return fields.Integer(strict=True, validate=limits, error_messages={"invalid": wrong}, **options)


def priority(**options: Any) -> fields.Integer:
    """A job's priority."""
    return whole(0, 9, metadata={"description": "0 is the most urgent; 5 if none is given"}, **options)


def mark() -> Text:
    """Where a page begins."""
    return Text(metadata={"description": "the next page: as the answer's `next` has it", "minLength": 1})


_OBJECT: dict[str, Any] = {"invalid": "not an object with names and values"}


def an_object(description: str) -> fields.Dict:
    """Names and values."""
    return fields.Dict(keys=fields.String(), error_messages=_OBJECT, metadata={"description": description})


def callback() -> Text:
    """A call-back address."""
    return Text(
        allow_none=True,
        metadata={"description": "the outcome is posted there, signed, when the job has ended"},
    )


def read_sets() -> fields.List[Any]:
    """Read sets of one isolate."""
    return fields.List(
        fields.List(Text(), validate=validate.Length(1, 2)),
        validate=validate.Length(0, _MOST_READ_SETS, error=f"more than {_MOST_READ_SETS} read sets"),
        metadata={"description": "read sets: [accession], or [read1, read2] by absolute paths"},
    )


class JobSchema(Strict):
    """A job to be sent: a pipeline by its name, reads of a strain, or a scheme on an assembly."""

    pipeline = Text(metadata={"description": "name of a pipeline, or of another task that is a job"})
    version = Text(metadata={"description": "of the pipeline; empty: the current one"})
    inputs = an_object("name → absolute path")
    params = an_object("parameters of the pipeline, or keyword arguments of another task")
    reads = read_sets()
    database = Text(metadata={"description": "the species"})
    strain = Text(metadata={"description": "name of the isolate whose reads are to be assembled and typed"})
    scheme = Text(metadata={"description": "a scheme of the species, to be called on the assembly"})
    assembly = Text(metadata={"description": "barcode of the assembly"})
    again = Yes(metadata={"description": "compute it, although the same was computed before"})
    tag = Text(metadata={"description": "what a pipeline's job is for"})
    batch = Text(metadata={"description": "any name for many jobs that are watched as one"})
    workgroup = Text(metadata={"description": "the token's own, which it is by default"})
    priority = priority()
    callback = callback()
    cores = whole(1, 1024)
    memory_bytes = whole(1, 2**62)
    time_limit_s = whole(1, 2**30 - 1)
    countdown_s = Number(
        validate=validate.Range(0, 2**30), metadata={"description": "begin after so many seconds"}
    )
    expires_s = Number(
        validate=validate.Range(0, 2**30, min_inclusive=False),
        metadata={
            "description": "cancelled if it has not begun after so many seconds",
            "exclusiveMinimum": True,
        },
    )


class ReasonSchema(Strict):
    """Why jobs are changed."""

    reason = Text(metadata={"description": "kept with the job"})


class ResendSchema(Strict):
    """What is to be different when a job is sent again."""

    params = an_object("other values of parameters; null takes one away")
    version = Text(metadata={"description": "of the pipeline; empty: the current one"})
    priority = priority()
    cores = whole(1, 1024)
    memory_bytes = whole(1, 2**62)
    time_limit_s = whole(1, 2**30 - 1)


class JobsQuery(Strict):
    """Which jobs are listed."""

    state = fields.List(
        fields.String(validate=validate.OneOf([*JobState, "LIVE"])),
        metadata={"description": "may be repeated"},
    )
    pipeline = Text()
    database = Text(metadata={"description": "the species"})
    batch = Text()
    tag = Text()
    node = Text()
    workgroup = Text()
    user = fields.Integer(validate=validate.Range(0, 2**31 - 1))
    held = fields.Boolean(metadata={"description": "only jobs that are held"})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 1000))
    after = mark()


class JobQuery(Strict):
    """What is told of a job."""

    estimate = fields.Boolean(
        load_default=False,
        metadata={"description": "also simulate when it begins, which takes a second if thousands wait"},
    )


class LogQuery(Strict):
    """Which part of a log."""

    attempt = fields.Integer(
        validate=validate.Range(1, 2**31 - 1), metadata={"description": "by default the last"}
    )
    tail = fields.Integer(
        validate=validate.Range(1, 10_000), metadata={"description": "only so many last lines"}
    )
    after = fields.Integer(
        validate=validate.Range(0, 2**63 - 1),
        metadata={"description": "follow: only what comes after this byte"},
    )
    wait = fields.Float(
        load_default=0.0,
        validate=validate.Range(0, MOST_WAIT_S),
        metadata={"description": "with `after`: if nothing came, wait for it so many seconds"},
    )

    @validates_schema
    def _one_way(self, data: dict[str, Any], **_: Any) -> None:
        if "after" in data and "tail" in data:
            raise ValidationError("give either tail or after", "tail")
        if data["wait"] and "after" not in data:
            raise ValidationError("only with after", "wait")


class SubmitSchema(Strict):
    """A job as the original's web app submitted it."""

    pipeline = Text(required=True)
    version = Text()
    inputs = an_object("name → absolute path")
    params = an_object("parameters of the pipeline")
    reads = read_sets()
    workgroup = Text()
    priority = priority()
    callback = callback()


class AssembleSchema(Strict):
    """What is to be assembled: strains that have reads, or runs of the read archive."""

    database = Text(required=True, metadata={"description": "the species"})
    strains = fields.List(
        Text(),
        validate=validate.Length(1, MOST_JOBS),
        metadata={
            "description": "barcodes or names of strains, or accessions of their runs: all paired reads of each"
        },
    )
    accessions = fields.List(
        Text(),
        validate=validate.Length(1, MOST_JOBS),
        metadata={"description": "runs of the read archive, each a strain of its own"},
    )
    params = an_object("parameters of QAssembly")
    again = Yes(metadata={"description": "assemble again what has the same version and parameters"})
    batch = Text()
    workgroup = Text()
    priority = priority()
    callback = callback()

    @validates_schema
    def _one_of_both(self, data: dict[str, Any], **_: Any) -> None:
        if ("strains" in data) == ("accessions" in data):
            raise ValidationError("give either strains or accessions")


class EventsQuery(Strict):
    """What a stream of events follows, and what opens it."""

    job = Text(metadata={"description": "a job's number"})
    batch = Text(metadata={"description": "a batch's name, or one that jobs were sent with"})
    user = Text(metadata={"description": "the user's number, or `me`: all their jobs"})
    ticket = Text(metadata={"description": "in place of a token: of POST /api/v1.0/events/tickets"})
    last_event_id = Text(metadata={"description": "in place of the header Last-Event-ID"})

    @validates_schema
    def _one_of_them(self, data: dict[str, Any], **_: Any) -> None:
        if len(data.keys() & {"job", "batch", "user"}) != 1:
            raise ValidationError("follow one of job, batch and user")


class FieldSchema(Schema):
    """A field that is wrong."""

    field = fields.String()
    value = fields.String(allow_none=True)
    detail = fields.String()


class ProblemSchema(Schema):
    """What is wrong, as RFC 9457 has it."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    errors = fields.List(fields.Nested(FieldSchema))
