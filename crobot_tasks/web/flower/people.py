"""Who may look at the pages, and who may change things there: by the credentials in the settings, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crobot_errors import BadInput


@dataclass(frozen=True)
class Person:
    """Somebody with credentials."""

    name: str
    #: an operator; a viewer may not
    may_change: bool


@dataclass(frozen=True)
class People:
    """All who have credentials: ``user:password`` → who that is."""

    by_login: Mapping[str, Person]

    def named(self, name: str) -> Person:
        """Return the person of this name."""
        return next(person for person in self.by_login.values() if person.name == name)

    def names(self) -> str:
        """Name everybody, for the log: operator ada, viewer eve."""
        return ", ".join(
            f"{'operator' if one.may_change else 'viewer'} {one.name}" for one in self.by_login.values()
        )


def people(viewer: str, operators: str) -> People:
    """Return who the settings name: ``user:password`` of a viewer, and those of operators, separated by commas.

    Raises:
        BadInput: one is not of that form, or two have the same name.
    """
    found: dict[str, Person] = {}
    given = [("CROBOT_FLOWER_AUTH", viewer)] if viewer else []
    given += [("CROBOT_FLOWER_OPERATORS", one) for one in operators.split(",") if one]
    for setting, login in given:
        name = _name(setting, login)
        if name in {person.name for person in found.values()}:
            raise BadInput(f"the settings of Flower name the user {name!r} twice: give each another name")
        found[login] = Person(name, setting == "CROBOT_FLOWER_OPERATORS")
    return People(found)


def _name(setting: str, login: str) -> str:
    user, _, password = login.partition(":")
    # the message names no password
    if not user or not password or not login.isascii() or not login.isprintable():
        of = f" for the user {user!r:.50}" if password else ""
        raise BadInput(f"{setting} is not of the form user:password{of}, in visible characters of ASCII")
    return user
