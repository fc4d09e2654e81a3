"""Analyses of users and SNP projects: the list, how a project stands, its pictures and those of trees."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tornado import web

from crobot_errors import BadInput, BadPath, CRobotError, UnknownAnalysis
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.jobs.analysis import analysis_types
from crobot_tasks.lifecycle.storage.access import reading
from crobot_tasks.operate import analyses
from crobot_tasks.operate.projects import described, summary
from crobot_tasks.web.flower import filters
from crobot_tasks.web.flower.page import Page
from crobot_tasks.web.flower.reading import read
from db.crobot import suggestions
from db.system import UserPreference, preferences
from db.system.projects import TYPE
from workers.storage import job_dir, own_file

LIMIT = 50
_LAST_ANALYSIS, _LAST_USER = 2**31 - 1, 2**31 - 1
#: keys of pictures in the data of a project or an analysis, and what pages call them
PICTURES = {"tree_svg": "Tree", "distances_svg": "Distances", "svg": "Tree"}
#: an SVG may be as large, in bytes; a browser would hardly show more
_LARGEST = 20 * 1024**2
#: opened by itself, a picture may load nothing and run nothing
_PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
#: seconds that a picture waits for the storage
_STALLED_S = 3.0


class Analyses(Page):
    """The analyses and projects of all users, the newest first."""

    template, tab = "analyses.html", "analyses"

    def look(self, session: Any, *path: str) -> Mapping[str, Any]:
        """Read a page of them."""
        fields = {name: self.asked(name).strip() for name in ("user", "database")}
        before = filters.whole("before", self.asked("before"), _LAST_ANALYSIS)
        rows = preferences.list_analyses(
            session,
            [TYPE, *analysis_types()],
            user_id=filters.whole("user", fields["user"], _LAST_USER),
            database=filters.text("species", fields["database"]),
            before=before,
            limit=LIMIT + 1,
        )
        return {
            "fields": fields,
            "analyses": [_listed(row) for row in rows[:LIMIT]],
            "suggested": suggestions.suggestions(session),
            "before": before,
            "following": rows[LIMIT - 1].id if len(rows) > LIMIT else None,
            "follows": () if before else ("jobs",),
        }


class Analysis(Page):
    """One of them: of a project its steps, and pictures."""

    template, tab = "analysis.html", "analyses"

    def look(self, session: Any, *path: str) -> Mapping[str, Any]:
        """Read it."""
        row = _find(session, path[0])
        about = _listed(row)
        return {
            "about": about,
            "project": described(row.id) if row.type == TYPE else None,
            "error": row.data.get("error"),
            "pictures": {key: label for key, label in PICTURES.items() if key in row.data},
            "follows": () if about["state"] in ("complete", "failed") else ("jobs",),
        }


class Picture(Page):
    """A picture that a job of an analysis has written."""

    @web.authenticated
    async def get(self, *path: str) -> None:
        """Send it, if it lies in the folder of one of its own jobs."""
        try:
            data = await read(lambda session: dict(_find(session, path[0]).data))
            picture = await asyncio.get_running_loop().run_in_executor(None, _read, data, path[1])
        except CRobotError as error:
            self.say_why_not(error, "There is no such picture")
        else:
            self.set_header("Content-Type", "image/svg+xml")
            self.set_header("Content-Security-Policy", _PICTURE_POLICY)
            self.set_header("Cache-Control", "no-store")
            self.finish(picture)


def _find(session: Any, number: str) -> UserPreference:
    row = session.get(UserPreference, int(number)) if int(number) <= _LAST_ANALYSIS else None
    if row is None or row.type not in (TYPE, *analysis_types()):
        raise UnknownAnalysis(f"there is no analysis or SNP project {number}")
    return row


def _listed(row: UserPreference) -> dict[str, Any]:
    if row.type == TYPE:
        return summary(row) | {"type": "SNP project", "job": None}
    found = analyses.described(row)
    return found | {"user_id": found["user"]}


def _read(data: Mapping[str, Any], name: str) -> bytes:
    """Read a picture, in a thread that gives up if the storage stalls."""
    keys = ("job_id", "ref_mapper_matrix_id", "matrix_phylogeny_id")
    folders = [job_dir(storage_root(), int(data[key])) for key in keys if data.get(key)]
    for folder in folders if name in PICTURES and name in data else []:
        picture = reading(partial(_bytes, data[name], folder), _STALLED_S)
        if picture is not None:
            return picture
    raise UnknownAnalysis(f"it has no picture {name!r:.50}, or none that a job of its own has written")


def _bytes(text: object, folder: Path) -> bytes | None:
    try:
        path = own_file(text, folder)
        if path.stat().st_size > _LARGEST:
            raise BadInput(f"the picture {path.name} is larger than {_LARGEST // 1024**2} MiB")
        return path.read_bytes()
    except BadPath:
        return None
    except OSError:
        return None
