"""(d) Results that came as files, since they are too large for a message."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from crobot_errors import BadInput, LateFile
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.broker.json_values import storable
from crobot_tasks.lifecycle.finishing.report import Report, ResultFile
from workers.storage import job_dir, own_file

#: results that are held in memory, and written by one transaction
AT_ONCE_BYTES = 32 * 1024**2


def read_result(job_id: int, named: ResultFile) -> Any:
    """Return the result.

    Raises:
        OSError: the file is not there, or not yet what the node wrote.
        BadPath: it is not the job's own.
        BadInput: it is no result that a table takes.
    """
    path = own_file(named.path, job_dir(storage_root(), job_id))
    with path.open("rb") as file:
        content = file.read(named.bytes + 1)
    if hashlib.sha256(content).hexdigest() != named.sha256:
        raise LateFile(f"'{path}' is not yet what the node wrote: {named.bytes} bytes, sha256 {named.sha256}")
    result = json.loads(content, parse_constant=_refuse)
    if storable(result) != result:
        raise BadInput(f"'{path}' contains NUL or half a surrogate pair, which no database stores")
    return result


def portions(reports: Iterable[Report]) -> Iterator[list[Report]]:
    """Return the reports in lists whose results together are not too large, each with one report at least."""
    portion: list[Report] = []
    size = 0
    for report in reports:
        own = report.result_file.bytes if report.result_file else 0
        if portion and size + own > AT_ONCE_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(report)
        size += own
    if portion:
        yield portion


def _refuse(constant: str) -> NoReturn:
    raise BadInput(f"the result contains {constant}, which is no JSON")
