"""Which outcomes an app has been called with: remembered across restarts, and by several processes at once."""

from __future__ import annotations

import secrets
import time
from enum import Enum
from typing import Protocol

from sqlalchemy import (
    Column,
    Engine,
    Float,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

#: who has not said for so many seconds that it is still at work has died
ALIVE_S = 60.0
#: so long an outcome is remembered: CRobot forgets a delivery after 30 days, and delivers it no more
KEPT_S = 90 * 86400.0

_metadata = MetaData()
_outcomes = Table(
    "crobot_outcomes",
    _metadata,
    Column("id", String(100), primary_key=True),
    Column("owner", String(32), nullable=False),
    #: seconds since 1970: begun, or last said to be under way
    Column("seen_at", Float, nullable=False),
    Column("done_at", Float, index=True),
)


class Begin(Enum):
    """What is to be done with an outcome that was delivered."""

    #: call the app's function
    YOURS = "yours"
    #: the function is at it, in this process or another
    UNDER_WAY = "under way"
    #: the function has returned
    DONE = "done"


class Store(Protocol):
    """What remembers outcomes; an app may bring its own."""

    def begin(self, outcome_id: str) -> Begin:
        """Take an outcome, if nobody has it."""

    def still_at_it(self, outcome_id: str) -> None:
        """Say that the function goes on, at least once a minute."""

    def done(self, outcome_id: str) -> None:
        """Note that the function has returned: it is never called with this outcome again."""

    def forget(self, outcome_id: str) -> None:
        """Give an outcome back: the function failed, and is called again when it is delivered again."""


class SqlStore:
    """A table ``crobot_outcomes`` in any database that SQLAlchemy knows; SQLite is enough for one machine."""

    def __init__(self, engine: Engine | str) -> None:
        self._engine = create_engine(engine) if isinstance(engine, str) else engine
        self._owner = secrets.token_hex(16)
        self._is_ready = False

    def begin(self, outcome_id: str) -> Begin:
        """Take an outcome, if nobody has it, or if who had it has died."""
        self._ready()
        now = time.time()
        row = {"id": outcome_id, "owner": self._owner, "seen_at": now}
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(_outcomes).values(row))
                connection.execute(delete(_outcomes).where(_outcomes.c.done_at < now - KEPT_S))
            return Begin.YOURS
        except IntegrityError:
            return self._take_over(outcome_id, now)

    def _take_over(self, outcome_id: str, now: float) -> Begin:
        dead = (
            update(_outcomes)
            .where(_outcomes.c.id == outcome_id, _outcomes.c.done_at.is_(None))
            .where(_outcomes.c.seen_at < now - ALIVE_S)
            .values(owner=self._owner, seen_at=now)
        )
        with self._engine.begin() as connection:
            if connection.execute(dead).rowcount:
                return Begin.YOURS
            found = connection.execute(
                select(_outcomes.c.done_at).where(_outcomes.c.id == outcome_id)
            ).first()
        return Begin.DONE if found is not None and found.done_at is not None else Begin.UNDER_WAY

    def still_at_it(self, outcome_id: str) -> None:
        """Say that the function goes on."""
        self._change(outcome_id, seen_at=time.time())

    def done(self, outcome_id: str) -> None:
        """Note that the function has returned."""
        self._change(outcome_id, done_at=time.time())

    def forget(self, outcome_id: str) -> None:
        """Give an outcome back."""
        with self._engine.begin() as connection:
            connection.execute(
                delete(_outcomes).where(_outcomes.c.id == outcome_id, _outcomes.c.owner == self._owner)
            )

    def _change(self, outcome_id: str, **values: float) -> None:
        mine = (_outcomes.c.id == outcome_id, _outcomes.c.owner == self._owner)
        with self._engine.begin() as connection:
            connection.execute(update(_outcomes).where(*mine).values(values))

    def _ready(self) -> None:
        if self._is_ready:
            return
        try:
            _metadata.create_all(self._engine)
        except DBAPIError:  # another process made it just now; or it cannot be made, which this says again
            _metadata.create_all(self._engine)
        self._is_ready = True
