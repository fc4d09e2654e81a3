"""The policy in force, and what another one would do; it is looked at here, and never put in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tornado import web

from crobot_errors import BadInput, BadPolicy, CRobotError
from crobot_tasks.broker.json_values import plain
from crobot_tasks.lifecycle import policy_in_force
from crobot_tasks.operate.foresee import FORESEEN, Foreseen, foresee
from crobot_tasks.router.policy import read as read_policy
from crobot_tasks.web.flower.origin import check_origin
from crobot_tasks.web.flower.page import Page
from crobot_tasks.web.flower.reading import read
from db.crobot import jobs, policies
from db.crobot.selection import Selection

_CHARACTERS = 100_000
#: jobs that begin otherwise and are shown
_SHOWN = 100
PURPOSE = "policy check"


class Policy(Page):
    """What is in force since when; a text is checked by POST, since it may be long, and nothing is stored."""

    template, tab = "policy.html", "policy"

    def look(self, session: Any, *path: str) -> Mapping[str, Any]:
        """Read it."""
        row = policies.current(session)
        return {
            "policy": row,
            "path": policy_in_force.path(),
            "text": row.toml if row else "",
            "wrong": "",
            "warnings": [],
            "foreseen": None,
            "rows": {},
            "shown": _SHOWN,
            "most": FORESEEN,
            "purpose": PURPOSE,
        }

    @web.authenticated
    async def post(self, *path: str) -> None:
        """Check a text, and simulate what it would do; viewers may, too."""
        self.secure()
        try:
            check_origin(self.request)
            self.forms.name(self.current_user.name, PURPOSE, str(self.get_body_argument("token", "")))
            text = str(self.get_body_argument("text", "", strip=False)).replace("\r\n", "\n")
            found = await read(lambda session: {**self.look(session), **_checked(session, text)})
        except CRobotError as error:
            self.say_why_not(error, "Nothing was checked")
        else:
            self._show(self.template, found)


def _checked(session: Any, text: str) -> dict[str, Any]:
    if len(text) > _CHARACTERS:
        raise BadInput(f"the text has {len(text):,} characters, and a policy {_CHARACTERS:,} at most")
    try:
        policy = read_policy(plain(text, "the text"))
    except BadPolicy as error:
        return {"text": text, "wrong": str(error)}
    foreseen = foresee(session, policy)
    return {
        "text": text,
        "warnings": policy_in_force.unknown_species(session, policy),
        "foreseen": foreseen,
        "rows": _rows(session, foreseen),
    }


def _rows(session: Any, foreseen: Foreseen) -> dict[int, Any]:
    ids = tuple(one.job_id for one in foreseen.differences[:_SHOWN])
    return {row.id: row for row in jobs.listing(session, Selection(ids=ids), limit=_SHOWN)} if ids else {}
