"""What all our pages are: behind Flower's password, read in a thread, and in plain words if they cannot be."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from flower.views import BaseHandler
from tornado import web

from crobot_errors import (
    CRobotError,
    NotAllowed,
    ServiceError,
    UnknownAnalysis,
    UnknownBatch,
    UnknownChange,
    UnknownJob,
)
from crobot_tasks.web.flower import words
from crobot_tasks.web.flower.forms import Forms
from crobot_tasks.web.flower.live.seen import seen
from crobot_tasks.web.flower.live.topics import parse_all
from crobot_tasks.web.flower.people import People, Person
from crobot_tasks.web.flower.reading import read

#: a browser asks nobody else, whatever a page says, and sends its forms to nobody else
_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; "
    "form-action 'self'; base-uri 'none'"
)


class Page(BaseHandler):
    """A page of Flower's that is made of what the database has."""

    #: below `templates/crobot/`
    template = ""
    tab = ""
    #: what makes the page old when it changes: names of `live.topics`
    follows: tuple[str, ...] = ()
    #: seconds between two times that a browser shows it anew, however much happens
    least_s = 2
    #: seconds after which a browser asks again although nothing was told; 0: never
    again_s = 0

    @web.authenticated
    async def get(self, *path: str) -> None:
        """Show it."""
        self.secure()
        try:
            found = await self.found(*path)
        except CRobotError as error:
            self.say_why_not(error, "This page cannot be shown", asked_again=True)
        else:
            self._show(self.template, found)

    async def found(self, *path: str) -> Mapping[str, Any]:
        """Return what the template needs."""
        return await read(lambda session: self._looked(session, *path))

    def _looked(self, session: Any, *path: str) -> Mapping[str, Any]:
        found = self.look(session, *path)
        follows = found.get("follows", self.follows)
        if not follows:
            return found
        topics = parse_all(follows)
        address = words.link(self.reverse_url("crobot_live"), {"on": sorted(map(str, topics))})
        return {**found, "stream": address, "seen": seen(session, topics, found.get("stands", {}))}

    def look(self, session: Any, *path: str) -> Mapping[str, Any]:
        """Return what the template needs; runs in a thread, in a transaction that only reads."""
        raise NotImplementedError

    def get_current_user(self) -> Person | None:
        """Return who looks, by the credentials that Flower has checked.

        Raises:
            HTTPError: there are none that count.
        """
        try:
            if not super().get_current_user():
                return None
        except TypeError as error:  # Flower cannot compare what is not ASCII
            raise web.HTTPError(401) from error
        login = b64decode(self.request.headers["Authorization"].split()[1]).decode()
        people: People = self.settings["crobot_people"]
        return people.named(login.partition(":")[0])

    @property
    def forms(self) -> Forms:
        """What makes and checks the tokens of forms."""
        forms: Forms = self.settings["crobot_forms"]
        return forms

    def token(self, purpose: str) -> str:
        """Return a token for a form of this purpose; templates call it."""
        return self.forms.token(self.current_user.name, purpose)

    def asked(self, name: str, default: str = "") -> str:
        """Return a field of the address as it was given; templates escape it."""
        return str(self.get_query_argument(name, default))

    def secure(self) -> None:
        """Say what a browser may do with the page."""
        self.set_header("Content-Security-Policy", _POLICY)
        self.set_header("Cache-Control", "no-store")

    def say_why_not(self, error: CRobotError, title: str, *, asked_again: bool = False) -> None:
        """Show why there is no page, or why nothing was done; the first is asked for again while a server is away."""
        away = isinstance(error, ServiceError)
        missing = isinstance(error, UnknownAnalysis | UnknownBatch | UnknownChange | UnknownJob)
        refused = isinstance(error, NotAllowed)
        self.set_status(503 if away else 403 if refused else 404 if missing else 400)
        found = {"title": title, "message": str(error), "away": away, "asked_again": away and asked_again}
        self._show("wrong.html", found)

    def _show(self, template: str, found: Mapping[str, Any]) -> None:
        shown = {"tab": self.tab, "again_s": self.again_s, "least_s": self.least_s, "stream": "", "seen": ""}
        shown |= {"asked_again": False, "words": words, "token": self.token}
        self.render(f"crobot/{template}", **shown | dict(found))
