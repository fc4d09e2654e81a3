"""Which strains or assemblies a command means: by name, by a list, or by a query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import click

from crobot_errors import BadInput
from crobot_tasks.batches.where import Select, Where
from crobot_tasks.cli.batches.lists import read_list
from db.engine import transaction


@dataclass(frozen=True)
class Keys:
    """Strains or assemblies as they were named, each once."""

    names: Sequence[str]
    #: how many were given, doubles counted
    given: int
    chosen_by: str


@dataclass(frozen=True)
class Choice:
    """What a command was told; at least one of the three."""

    names: Sequence[str]
    list_file: str | None
    where: Where | None = None

    def __post_init__(self) -> None:
        if not self.names and self.list_file is None and self.where is None:
            raise click.UsageError("say which: by name, with --list FILE, or with --where")

    def listed(self) -> Keys:
        """Return those that are named.

        Raises:
            BadInput: the list cannot be read, or names nothing.
        """
        return self._keys([*self.names, *self._list()])

    def keys(self, database: str, select: Select) -> Keys:
        """Return those that are named, and those that a query chooses.

        Raises:
            BadInput: the list cannot be read; or there is nothing.
        """
        found: Sequence[str] = ()
        if self.where is not None:
            with transaction(database) as session:
                found = select(session, self.where)
        return self._keys([*self.names, *self._list(), *found])

    def _list(self) -> Sequence[str]:
        return [] if self.list_file is None else list(read_list(self.list_file))

    def _keys(self, given: Sequence[str]) -> Keys:
        if not given:
            raise BadInput(f"nothing is chosen by {self}")
        return Keys(list(dict.fromkeys(given)), len(given), str(self))

    def __str__(self) -> str:
        sources = [
            "the command line" if self.names else "",
            f"the list {self.list_file}" if self.list_file else "",
            str(self.where or ""),
        ]
        return " and ".join(filter(None, sources))
