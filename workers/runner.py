"""Running one attempt: whatever happens in a pipeline leaves here as a report body or an AttemptError."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Mapping
from typing import Any, NoReturn

from crobot_errors import (
    AttemptError,
    BadInput,
    DiskFull,
    InternalError,
    NodeBroken,
    NodeError,
    OutOfMemory,
    ToolError,
    described,
    text_of,
)
from workers import tools
from workers.attempt import Attempt
from workers.pipelines import PIPELINES
from workers.pipelines.base import Pipeline

#: what a disk or a mount of the node answers that is out of order; the job is not to blame
DISK_BROKEN = frozenset(
    {errno.EIO, errno.EROFS, errno.ESTALE, errno.ENOTCONN, errno.EXDEV, errno.EMFILE, errno.ENFILE}
)


def run_attempt(pipeline: Pipeline, attempt: Attempt) -> dict[str, Any]:
    """Run a pipeline and return the body of the node's report, which fits JSON.

    Raises: AttemptError whose ``details`` hold the same pipeline_version, tools and usage, and
        the checksums of inputs as far as they are known.
    """
    with attempt.open():
        try:
            outcome = pipeline.run(attempt)
            inputs = attempt.checksums.all()
        # the one gate: a MemoryError or SystemExit that left it would end the whole worker
        except BaseException as error:  # noqa: BLE001
            _fail(pipeline, attempt, error)
    return {
        "results": outcome.results,
        "outputs": outcome.outputs,
        **_circumstances(pipeline, attempt),
        "inputs": inputs,
    }


def offers(
    pipelines: Mapping[str, Pipeline] = PIPELINES,
) -> tuple[dict[str, str], dict[str, str]]:
    """What this machine can run: name → version, and what it cannot: name → reason."""
    offered: dict[str, str] = {}
    refused: dict[str, str] = {}
    for name, pipeline in pipelines.items():
        reasons = _missing(pipeline)
        if reasons:
            refused[name] = "; ".join(reasons)
        else:
            offered[name] = pipeline.version
    return offered, refused


def _missing(pipeline: Pipeline) -> list[str]:
    reasons = []
    for tool in pipeline.tools:
        try:
            tools.find(tool)
        except NodeBroken as error:
            reasons.append(error.message)
    return reasons


def _circumstances(pipeline: Pipeline, attempt: Attempt) -> dict[str, Any]:
    return {
        "pipeline_version": pipeline.version,
        "tools": attempt.versions,
        "usage": attempt.usage.as_dict(),
    }


def _fail(pipeline: Pipeline, attempt: Attempt, error: BaseException) -> NoReturn:
    """Log the end and raise it as what it is for the head."""
    failure = _as_attempt_error(error, attempt)
    failure.details |= _circumstances(pipeline, attempt) | {"inputs": attempt.checksums.ready()}
    attempt.log_end(f"failed ({failure.kind}): {failure.message}", _trace(failure, error))
    raise failure from error


def _as_attempt_error(error: BaseException, attempt: Attempt) -> AttemptError:
    match error:
        case AttemptError():
            return error
        case BadInput():
            return ToolError(text_of(error))
        case MemoryError():
            return OutOfMemory("the worker process itself ran out of memory")
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            where = error.filename or f"{attempt.state_dir} or {attempt.storage}"
            return DiskFull(f"no space left where the attempt writes: {where}")
        case OSError(errno=code) if code in DISK_BROKEN:
            return NodeBroken(f"{type(error).__name__}: {error}")
        case SystemExit(code=int(code)) if code < 0:  # what the worker's pool makes of a signal
            return NodeError("the node was stopped while the attempt ran")
        case SystemExit():
            return InternalError(f"the worker was told to exit (SystemExit {error.code})")
        case _:
            return InternalError(described(error))


def _trace(failure: AttemptError, error: BaseException) -> str:
    """Where a defect of ours struck; verdicts on the input need none."""
    if failure is error or not isinstance(failure, InternalError):
        return ""
    return "".join(traceback.format_exception(error))
