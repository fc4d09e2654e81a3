"""Models of the HTTP API: tokens, tickets, answers that are kept for a repeated request, and who changed what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, LargeBinary, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSON
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class ApiToken(Base):
    """A token of the HTTP API; only its checksum is kept, so nobody can read it from here."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    #: the SHA-256 of the token
    sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    #: for people
    name: Mapped[str]
    #: whose jobs it sends and sees
    user_id: Mapped[int]
    #: whose jobs it sees, too; empty: no workgroup's
    workgroup: Mapped[str] = mapped_column(Text, server_default="")
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = ({"schema": "crobot"},)


class EventTicket(Base):
    """Opens one stream of events in place of a token, which a browser cannot send there; used once."""

    __tablename__ = "event_tickets"

    #: the SHA-256 of the ticket
    sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    #: the token that it stands for
    token_id: Mapped[int] = mapped_column(ForeignKey("crobot.api_tokens.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]

    __table_args__ = (Index("ix_event_tickets_expires_at", "expires_at"), {"schema": "crobot"})


class KeptAnswer(Base):
    """The answer to a request with an Idempotency-Key, written in the transaction that did what was asked for."""

    __tablename__ = "kept_answers"

    token_id: Mapped[int] = mapped_column(
        ForeignKey("crobot.api_tokens.id", ondelete="CASCADE"), primary_key=True
    )
    #: what the sender calls the request
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    #: the SHA-256 of method, path and body
    request_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int] = mapped_column(SmallInteger)
    answer: Mapped[Any] = mapped_column(JSON)
    kept_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (Index("ix_kept_answers_kept_at", "kept_at"), {"schema": "crobot"})


class Change(Base):
    """One change that somebody made by the HTTP API, on the pages for operators, or to a token.

    It is written in the transaction that makes the change. One of many jobs is made in slices: its row is there before
    the first of them, and each slice adds a row of its own, its part, and counts up the whole.
    """

    __tablename__ = "changes"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    made_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    #: without a foreign key: what was done stays when a token is gone; empty: by an operator, on a page
    token_id: Mapped[int | None]
    user_id: Mapped[int | None]
    #: who made it on a page, as they are called there; empty: it was made by a token
    operator: Mapped[str] = mapped_column(Text, server_default="")
    #: from where it came; empty: by the command line
    address: Mapped[str]
    #: send, cancel, hold, release, priority, resend, token create, token revoke; batch pause, …; node drain, …
    action: Mapped[str]
    #: what was changed: the name of a batch or a node, the number of an analysis, how jobs were selected
    about: Mapped[str] = mapped_column(Text, server_default="")
    #: with what, and what came of it, for people
    detail: Mapped[str] = mapped_column(Text, server_default="")
    job_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default="{}")
    request_id: Mapped[str] = mapped_column(Text, server_default="")
    #: the form that asked for it: sent twice, it changes nothing twice
    form: Mapped[str | None] = mapped_column(Text)
    #: the change of which this is one slice
    part_of: Mapped[int | None] = mapped_column(BigInteger)
    #: how many jobs it was to change, and how many it has changed; empty where it was not about many
    asked_jobs: Mapped[int | None]
    changed_jobs: Mapped[int | None]
    #: of a change in slices: when the last one was done, and when nothing was left to do
    moved_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        # who sent a job that others have sent, too
        Index("ix_changes_job_ids", "job_ids", postgresql_using="gin"),
        Index("uq_changes_form", "form", unique=True, postgresql_where=text("form IS NOT NULL")),
        Index("ix_changes_part_of", "part_of", postgresql_where=text("part_of IS NOT NULL")),
        Index("ix_changes_whole", "id", postgresql_where=text("part_of IS NULL")),
        *(
            Index(f"ix_changes_{column}", column, "id", postgresql_where=text("part_of IS NULL"))
            for column in ("operator", "user_id", "action")
        ),
        {"schema": "crobot"},
    )
