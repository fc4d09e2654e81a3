"""Which job systems are measured, in which versions, and how each is set up; starts nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"


@dataclass(frozen=True)
class Peer:
    """One job system, as its documentation sets it up for one machine."""

    name: str
    #: what pip installs; peers with the same requirements share an environment
    requirements: tuple[str, ...]
    #: a file of `programs/`
    program: str
    #: what works the jobs off
    workers: str
    #: SQL: is there a job whose end is not stored?
    left: str
    environment: Mapping[str, str] = field(default_factory=dict)


_PGQUEUER = ("pgqueuer==1.6.0", "asyncpg==0.32.0")
_QUEUED = "SELECT EXISTS (SELECT FROM pgqueuer)"

PEERS = (
    Peer(
        "procrastinate",
        ("procrastinate==3.10.0", "psycopg[binary]==3.3.9"),
        "with_procrastinate.py",
        "1 process, 10 coroutines",
        "SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE status IN ('todo', 'doing'))",
    ),
    Peer("pgqueuer-1", _PGQUEUER, "with_pgqueuer.py", "1 process, batches of 1", _QUEUED, {"PEER_BATCH": "1"}),
    Peer("pgqueuer-10", _PGQUEUER, "with_pgqueuer.py", "1 process, batches of 10", _QUEUED, {"PEER_BATCH": "10"}),
    Peer(
        "dbos",
        ("dbos==3.4.0",),
        "with_dbos.py",
        "1 process, a thread a job",
        "SELECT EXISTS (SELECT FROM dbos.workflow_status WHERE status IN ('ENQUEUED', 'PENDING'))",
    ),
    Peer(
        "chancy",
        ("chancy==0.26.0", "psycopg[binary]==3.3.9"),
        "with_chancy.py",
        "1 worker, a process a core",
        "SELECT EXISTS (SELECT FROM chancy_jobs WHERE state IN ('pending', 'running'))",
    ),
    Peer(
        "awa-pg",
        ("awa-pg==0.6.9",),
        "with_awa.py",
        "1 process, 50 coroutines",
        "SELECT EXISTS (SELECT FROM awa.jobs WHERE state IN ('available', 'running'))",
    ),
)  # fmt: skip


def chosen(names: Sequence[str]) -> list[Peer]:
    """Return the peers of these names, all if none is named."""
    return [peer for peer in PEERS if not names or peer.name in names]
