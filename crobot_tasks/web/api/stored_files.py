"""Files of the storage that clients get: found through the one gate for paths, sent whole or in ranges."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from urllib.parse import quote

from flask import Response, send_file

import celeryconfig
from crobot_errors import BadPath
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.lifecycle.storage.access import StorageStalls, reading
from crobot_tasks.web.api.problems import RETRY_AFTER_S, Problem
from workers.storage import own_file

ANY_TYPE = "application/octet-stream"
#: what pages show in their place
PICTURES = {".svg": "image/svg+xml", ".png": "image/png"}
#: an SVG is a document: opened by itself, it may load nothing and run nothing
_PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def find(text: object, folders: Iterable[Path]) -> Path | None:
    """Return where a file is that lies in one of the folders; None if it is not there, or lies elsewhere.

    Raises:
        Problem: the storage does not answer.
    """
    return next(filter(None, (_find(text, folder) for folder in folders)), None)


def _find(text: object, folder: Path) -> Path | None:
    try:
        return reading(partial(own_file, text, folder))
    except StorageStalls as error:
        raise stalls() from error
    except (OSError, BadPath):
        return None


def size(path: Path) -> int:
    """Return how long a file is, in bytes, as of now.

    Raises:
        Problem: the storage does not answer.
    """
    try:
        return reading(lambda: path.stat().st_size)
    except StorageStalls as error:
        raise stalls() from error


def stalls() -> Problem:
    """Return what is said of a storage that does not answer."""
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return Problem(503, "the storage does not answer: try again later", headers=headers)


def sent(path: Path) -> Response:
    """Send a file, or the range of it that is asked for; pictures are shown, and others are saved."""
    kind = PICTURES.get(path.suffix.lower())
    if celeryconfig.crobot_api_accel:
        response = by_nginx(path, kind or ANY_TYPE)
    else:
        response = send_file(path, mimetype=kind or ANY_TYPE, conditional=True)
    if kind is None:
        response.headers.set("Content-Disposition", "attachment", filename=path.name)
    else:
        response.headers["Content-Security-Policy"] = _PICTURE_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def by_nginx(path: Path, content_type: str) -> Response:
    """Have nginx send a file from its ``internal`` location; it knows ranges, too."""
    inside = path.relative_to(storage_root().resolve())
    place = f"{celeryconfig.crobot_api_accel.rstrip('/')}/{quote(str(inside))}"
    return Response(content_type=content_type, headers={"X-Accel-Redirect": place})
