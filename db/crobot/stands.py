"""How nodes, batches and changes stand: each as one short text, which is another after a change."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

#: batches and changes that are looked at, the newest
MOST = 200

# Not what each heartbeat brings (free disk, the time): only what makes a node run other jobs, or none.
_CLUSTER = text("""
    SELECT md5(concat_ws(E'\\n',
        (SELECT string_agg(concat_ws(',', name, incarnation, cores, memory_bytes, pipelines, unavailable, tags,
                                     lost_at, drained_at, drain_reason, quarantined_at, quarantine_reason),
                           E'\\n' ORDER BY name) FROM crobot.nodes),
        (SELECT string_agg(concat_ws(',', kind, name, reason, paused_at), E'\\n' ORDER BY kind, name)
         FROM crobot.pauses),
        (SELECT max(id) FROM crobot.policies)))""")

# xmin: the transaction that wrote this version of the row
_BATCHES = text("""
    SELECT md5(string_agg(concat_ws(' ', id, version), ',' ORDER BY id))
    FROM (SELECT id, CAST(xmin AS text) AS version FROM crobot.batches ORDER BY id DESC LIMIT :most) newest""")

_CHANGES = text("""
    SELECT md5(string_agg(concat_ws(' ', id, moved_at, ended_at), ',' ORDER BY id))
    FROM (SELECT id, moved_at, ended_at FROM crobot.changes
          WHERE part_of IS NULL ORDER BY id DESC LIMIT :most) newest""")


def cluster(session: Session) -> str:
    """What nodes offer and whether they get jobs, what is paused, and which policy is in force."""
    return str(session.execute(_CLUSTER).scalar_one())


def batches(session: Session) -> str:
    """The rows of the newest batches; how their items stand, their jobs say."""
    return str(session.execute(_BATCHES, {"most": MOST}).scalar_one())


def changes(session: Session) -> str:
    """The newest changes, and how far they are."""
    return str(session.execute(_CHANGES, {"most": MOST}).scalar_one())
