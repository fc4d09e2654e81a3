"""A table that goes to standard output or into a file, a line at a time."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from crobot_errors import BadInput


@contextmanager
def opened(path: str) -> Iterator[TextIO]:
    """Open standard output (``-``), or a file that is there when it is whole.

    Raises:
        BadInput: it cannot be written.
    """
    if path == "-":
        yield sys.stdout
        return
    whole = Path(path)
    part = whole.with_name(f".{whole.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            yield file
        part.replace(whole)
    except OSError as error:
        raise BadInput(f"the table {path} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
