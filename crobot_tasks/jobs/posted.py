"""A job as it was posted to a web app → its object, from the data alone: no database is asked."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

from crobot_errors import BadInput
from crobot_tasks.jobs.base import CRobotJob
from crobot_tasks.lifecycle.job_types import job_class

#: what a job is made of, and what each must be
_FIELDS: dict[str, type | tuple[type, ...]] = {
    "id": int,
    "pipeline": str,
    "type": str,
    "tag": str,
    "database": (str, type(None)),
    "user_id": int,
    "workgroup": str,
    "batch": str,
    "priority": int,
    "kwargs": dict,
    "context": dict,
    "node": (str, type(None)),
}


def of_data(data: Mapping[str, Any]) -> CRobotJob:
    """Return the job that was posted.

    Raises:
        BadInput: the data are none of a job, or its arguments were too large to be posted.
    """
    for name, kind in _FIELDS.items():
        if name in ("kwargs", "context") and name in data and data[name] is None:
            raise BadInput(
                f"job {data.get('id')}: its {name} were too large to be posted: ask for {data.get('url')}"
            )
        if name not in data or not isinstance(data[name], kind):
            raise BadInput(f"these are no data of a job: {name!r} is {data.get(name)!r:.80}")
    row = SimpleNamespace(**{name: data[name] for name in _FIELDS})
    cls = job_class(row.type, row.pipeline) if row.type else CRobotJob
    return cast(CRobotJob, cls.from_row(row))
