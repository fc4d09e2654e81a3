"""What a test's own process asks of the database through SQLAlchemy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from db.engine import engine


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements of the block, in order."""
    executed: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        executed.append(statement)

    event.listen(engine(), "before_cursor_execute", note)
    yield executed
    event.remove(engine(), "before_cursor_execute", note)
