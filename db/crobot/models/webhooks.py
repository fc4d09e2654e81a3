"""Models of outcomes that are posted to web apps: who wants them, deliveries, secrets; no behaviour."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, stored_enum
from db.crobot.models.jobs import Json


class SubjectKind(StrEnum):
    """What an outcome is of; its number is the job's, the analysis' (or SNP project's), the batch's."""

    JOB = "job"
    ANALYSIS = "analysis"
    BATCH = "batch"


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    #: it is posted when it is due
    WAITING = "waiting"
    DELIVERED = "delivered"
    #: tried for days, in vain
    GIVEN_UP = "given_up"
    #: its address is switched off
    HELD = "held"


class Webhook(Base):
    """The wish that the outcome of something be posted to an address."""

    __tablename__ = "webhooks"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[SubjectKind] = mapped_column(stored_enum(SubjectKind, "kind"))
    number: Mapped[int] = mapped_column(BigInteger)
    url: Mapped[str]
    #: scheme, host and port of the address: whose secret signs
    origin: Mapped[str]
    user_id: Mapped[int] = mapped_column(server_default="0")
    ordered_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (
        Index("uq_webhooks_subject_url", "kind", "number", "url", unique=True),
        Index("ix_webhooks_ordered_at", "ordered_at", postgresql_where=text("kind = 'job'")),
        {"schema": "crobot"},
    )


class Delivery(Base):
    """One outcome on its way to one address, written in the transaction that ends what it is of."""

    __tablename__ = "deliveries"

    #: for people; a database that comes from a backup may give a number again
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    #: what the receiver knows it by, the same each time that it is posted
    message_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"))
    kind: Mapped[SubjectKind] = mapped_column(stored_enum(SubjectKind, "kind"))
    number: Mapped[int] = mapped_column(BigInteger)
    url: Mapped[str]
    origin: Mapped[str]
    user_id: Mapped[int] = mapped_column(server_default="0")
    body: Json = mapped_column(JSON)
    state: Mapped[DeliveryState] = mapped_column(
        stored_enum(DeliveryState, "state"), server_default=DeliveryState.WAITING.value
    )
    written_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    #: while somebody posts it: when another may take it over
    due_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    #: of the try that is under way; a result of an earlier one changes nothing
    claim: Mapped[UUID | None]
    tries: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    tried_at: Mapped[datetime | None]
    #: HTTP's, of the last answer; null if there was none
    status: Mapped[int | None] = mapped_column(SmallInteger)
    #: why the last try failed, for a person
    error: Mapped[str] = mapped_column(Text, server_default="")
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        # by origin first: what waits for one that does not answer is never read through to find the others
        Index("ix_deliveries_waiting", "origin", "due_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_deliveries_subject", "kind", "number"),
        Index("ix_deliveries_over", "written_at", postgresql_where=text("state <> 'waiting'")),
        {"schema": "crobot"},
    )


class WebhookSecret(Base):
    """What signs the deliveries to an origin; during a rotation there are two."""

    __tablename__ = "webhook_secrets"

    origin: Mapped[str] = mapped_column(primary_key=True)
    #: as Standard Webhooks writes it: ``whsec_`` and base64
    secret: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    #: signs, too, until the time below
    former_secret: Mapped[str | None]
    former_until: Mapped[datetime | None]

    __table_args__ = ({"schema": "crobot"},)


class WebhookOff(Base):
    """An address that is switched off: nothing is posted to it."""

    __tablename__ = "webhooks_off"

    url: Mapped[str] = mapped_column(primary_key=True)
    origin: Mapped[str]
    reason: Mapped[str]
    off_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = ({"schema": "crobot"},)
