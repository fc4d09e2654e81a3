"""What all our pages are: behind Flower's password, read in a thread, and in plain words if they cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flower.views import BaseHandler
from tornado import web

from crobot_errors import BadInput, ServiceError, UnknownJob
from crobot_tasks.web.flower import words
from crobot_tasks.web.flower.reading import read

#: a browser asks nobody else, whatever a page says
_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"


class Page(BaseHandler):
    """A page of Flower's that is made of what the database has."""

    #: below `templates/crobot/`
    template = ""
    tab = ""
    #: seconds after which a browser asks again; 0: never
    again_s = 5

    @web.authenticated
    async def get(self, *path: str) -> None:
        """Show it."""
        self.set_header("Content-Security-Policy", _POLICY)
        self.set_header("Cache-Control", "no-store")
        try:
            found = await read(lambda session: self.look(session, *path))
        except UnknownJob as error:
            raise web.HTTPError(404, str(error)) from error
        except BadInput as error:
            self.set_status(400)
            self._show("wrong.html", {"message": str(error), "again_s": 0})
        except ServiceError as error:
            self.set_status(503)
            self._show("wrong.html", {"message": str(error), "again_s": 5})
        else:
            self._show(self.template, found)

    def look(self, session: Any, *path: str) -> Mapping[str, Any]:
        """Return what the template needs; runs in a thread, in a transaction that only reads."""
        raise NotImplementedError

    def asked(self, name: str, default: str = "") -> str:
        """Return a field of the address as it was given; templates escape it."""
        return str(self.get_query_argument(name, default))

    def _show(self, template: str, found: Mapping[str, Any]) -> None:
        shown = {"tab": self.tab, "again_s": self.again_s, "words": words} | dict(found)
        self.render(f"crobot/{template}", **shown)
