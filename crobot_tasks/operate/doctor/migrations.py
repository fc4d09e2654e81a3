"""Whether the tables are those of this program."""

from __future__ import annotations

from collections.abc import Iterator

from crobot_tasks.operate.doctor.finding import Finding, ok, problem
from crobot_tasks.operate.doctor.seen import Seen
from db import revisions


def examine(seen: Seen) -> Iterator[Finding]:
    """Compare the revisions of all schemas with those that this program needs."""
    found = revisions.current()
    wrong = {name: pair for name, pair in found.items() if pair[0] != pair[1]}
    for name, (has, needs) in wrong.items():
        yield problem(
            f"the tables of schema {name} are at revision {has or 'none'}, this program needs {needs}",
            "heads of this version refuse to start",
            "`crobot db upgrade`; if the tables are the newer ones, install the newer program",
        )
    if not wrong:
        yield ok(f"the tables are current: {', '.join(f'{name} {pair[0]}' for name, pair in found.items())}")
