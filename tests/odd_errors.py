"""Jobs that end by exceptions as odd as Python allows, in a body that no pipeline protects, and in a pipeline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from crobot_tasks.celery import app
from crobot_tasks.lifecycle.job_task import JobTask
from crobot_tasks.tasks import PipelineTask
from workers.attempt import Attempt
from workers.pipelines.base import Outcome
from workers.pipelines.probe import Probe

_short = {"expected_s": 0.01, "memory_bytes": 10 * 1024**2}


class Mute(Exception):
    """Cannot be written as text."""

    def __str__(self) -> str:
        raise RuntimeError("no words")

    __repr__ = __str__


class Untold(BaseException):
    """Not even an Exception."""


class Unpicklable(Exception):
    """Cannot be built from its arguments, or pickled."""

    def __init__(self, name: str, *, why: Callable[[], object]) -> None:
        super().__init__(why)
        self.name = name


def _recursive() -> Exception:
    arguments: list[Any] = []
    arguments.append(arguments)
    return ValueError(arguments)


def _deep() -> Exception:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    return ValueError(nested)


def _linked() -> Exception:
    error = ValueError("a link in a circle")
    error.__cause__ = other = KeyError("the other")
    other.__context__ = error
    return error


def _local() -> Exception:
    class Local(Exception):
        pass

    return Local("of a class that nobody can import")


def _bytes() -> Exception:
    return UnicodeDecodeError("utf-8", b"\xff\xfe", 0, 1, "invalid start byte")


#: name → (what makes the exception, its class, words that its message has)
ODD: dict[str, tuple[Callable[[], BaseException], str, str]] = {
    "bytes": (_bytes, "UnicodeDecodeError", "invalid start byte"),
    "nul": (lambda: ValueError("a\0b", "\ud800"), "ValueError", "b"),
    "mute": (Mute, "Mute", "Mute"),
    "unpicklable": (lambda: Unpicklable("x", why=lambda: None), "Unpicklable", "Unpicklable"),
    "huge": (lambda: ValueError("x" * 30_000_000), "ValueError", "xxx"),
    "many": (lambda: ValueError(*range(300_000)), "ValueError", "ValueError"),
    "recursive": (_recursive, "ValueError", "ValueError"),
    "deep": (_deep, "ValueError", "ValueError"),
    "linked": (_linked, "ValueError", "a link in a circle"),
    "local": (_local, "Local", "nobody can import"),
    "group": (lambda: ExceptionGroup("two", [ValueError("one"), OSError(5, b"\xff")]), "ExceptionGroup", "two"),
    "base-group": (lambda: BaseExceptionGroup("three", [Untold("x")]), "BaseExceptionGroup", "three"),
    "untold": (lambda: Untold("not an Exception"), "Untold", "not an Exception"),
    "interrupt": (lambda: KeyboardInterrupt("nobody pressed it"), "KeyboardInterrupt", "nobody pressed it"),
    "generator": (lambda: GeneratorExit("of no generator"), "GeneratorExit", "of no generator"),
    "stop": (lambda: StopIteration(b"\x80"), "StopIteration", "StopIteration"),
}  # fmt: skip


def _strike(how: str) -> NoReturn:
    raise ODD[how][0]()


@app.task(name="odd.raises", base=JobTask, **_short)
def raises(how: str) -> None:
    """End by the exception of this name."""
    _strike(how)


class Odd(Probe):
    """The probe, which ends by the exception ``odd``."""

    name = "odd"

    def run(self, attempt: Attempt) -> Outcome:
        _strike(attempt.job.params["odd"])


odd = app.register_task(PipelineTask(Odd()))


@app.task(name="odd.returns", base=JobTask, **_short)
def returns(how: str) -> Any:
    """Return what cannot be a result."""
    results = {"deep": _deep().args[0], "set": {1, 2}, "nan": float("nan"), "nul": "\0"}
    return results[how]
