"""Pages that change something: a form by POST, from an operator, from this site, with a token; and each only once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tornado import web

from crobot_errors import BadInput, NotAllowed, ServiceError
from crobot_tasks.web.flower.origin import address_of, check_origin
from crobot_tasks.web.flower.page import Page
from crobot_tasks.web.flower.people import Person
from db.crobot import changes
from db.crobot.changes import Begun
from db.engine import retrying, transaction

#: forms that are worked on at a time; long changes have threads of their own
_threads = ThreadPoolExecutor(4, "changes")


@dataclass(frozen=True)
class Form:
    """A form that was admitted."""

    #: its own; a copy has the same
    name: str
    person: Person
    #: from where it came
    address: str

    def begun(self, action: str, about: str = "", detail: str = "", asked_jobs: int | None = None) -> Begun:
        """Return what is noted of the change that it asks for."""
        return Begun(self.person.name, self.address, action, self.name, about, detail, asked_jobs)


@dataclass(frozen=True)
class Noted:
    """A change that is in the table of changes."""

    number: int
    #: the form was sent before: nothing was done now
    again: bool = False


class ChangingPage(Page):
    """A page with forms."""

    @web.authenticated
    async def post(self, *path: str) -> None:
        """Do what a form asks for, and go to the page that says what came of it."""
        self.secure()
        try:
            form = self._admitted(*path)
            noted = await asyncio.get_running_loop().run_in_executor(_threads, self.change, form, *path)
        except (BadInput, ServiceError) as error:
            self.say_why_not(error, "Nothing was done")
        else:
            address = self.reverse_url("crobot_change", noted.number)
            self.redirect(address + ("?again=1" if noted.again else ""), status=303)

    def change(self, form: Form, *path: str) -> Noted:
        """Do what the form asks for, in a thread; it returns when it is done, or well begun."""
        raise NotImplementedError

    def purpose(self, *path: str) -> str:
        """Return what a posted form is about, as its token was made for it."""
        raise NotImplementedError

    def given(self, name: str, default: str = "") -> str:
        """Return a field of the form as it was written."""
        return str(self.get_body_argument(name, default))

    def _admitted(self, *path: str) -> Form:
        person: Person = self.current_user
        check_may_change(person)
        check_origin(self.request)
        name = self.forms.name(person.name, self.purpose(*path), self.given("token"))
        return Form(name, person, address_of(self.request))


def check_may_change(person: Person) -> None:
    """Let only operators go on.

    Raises:
        NotAllowed: it is a viewer.
    """
    if not person.may_change:
        raise NotAllowed(
            f"{person.name} may look, and change nothing: that takes the credentials of an operator "
            "(CROBOT_FLOWER_OPERATORS)"
        )


def once(begun: Begun, work: Callable[[Any], str]) -> Noted:
    """Do ``work`` and note it in one transaction, unless its form was sent before; it returns what came of it."""

    def whole() -> Noted:
        with transaction() as session:
            number = changes.begin(session, begun)
            if number is None:
                return Noted(changes.of_form(session, begun.form), again=True)
            changes.end(session, number, work(session))
            return Noted(number)

    return retrying(whole)
