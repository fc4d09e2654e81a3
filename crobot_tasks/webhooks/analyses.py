"""Outcomes of analyses and SNP projects: rows of `user_preferences` that are complete, or failed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from crobot_tasks.lifecycle.finishing.told_outcomes import INLINE_BYTES
from crobot_tasks.webhooks import outcomes
from crobot_tasks.webhooks.address import Address
from db.crobot import SubjectKind
from db.engine import retrying, transaction
from db.system import UserPreference, preferences
from db.system.projects import TYPE

#: where the HTTP API has them
_ROOT = "/api/v1.0"


def post_analysis(analysis_id: int, given: str | Address, user_id: int = 0) -> None:
    """Have the outcome of an analysis or an SNP project posted each time that it ends; of one that is over, now, too.

    In the transaction that is open, or in one of its own. An address as a text is checked first.

    Raises:
        BadInput: nothing may be posted there.
        UnknownAnalysis: there is no such analysis.
    """
    to = outcomes.checked(given) if isinstance(given, str) else given

    def order() -> None:
        with transaction() as session:
            row = preferences.locked(session, analysis_id)
            ended = _body(row) if _is_over(row.data) else None
            outcomes.order(session, SubjectKind.ANALYSIS, analysis_id, to, user_id=user_id, ended=ended)

    retrying(order)


def ended(session: Any, analysis_id: int, job_id: int | None = None) -> None:
    """Write how an analysis stands, if it is over (by the job of this number, if one is given) and anybody wants it."""
    if not outcomes.is_wanted(session, SubjectKind.ANALYSIS, analysis_id):
        return
    row = preferences.locked(session, analysis_id)
    if _is_over(row.data) and job_id in (None, row.data.get("job_id")):
        outcomes.write(session, SubjectKind.ANALYSIS, analysis_id, _body(row))


def _is_over(data: Mapping[str, Any]) -> bool:
    return "complete" in data or "failed" in data


def _body(row: UserPreference) -> dict[str, Any]:
    state = "failed" if "failed" in row.data else "complete"
    inline = len(json.dumps(row.data)) <= INLINE_BYTES
    return outcomes.body(
        f"analysis.{state}",
        {
            "id": row.id,
            "state": state,
            "type": row.type,
            "name": row.name,
            "database": row.database,
            "user_id": row.user_id,
            "message": row.data.get("error"),
            "result": dict(row.data) if inline else None,
            "result_is_inline": inline,
            "url": f"{_ROOT}/{'projects' if row.type == TYPE else 'analyses'}/{row.id}",
        },
    )
