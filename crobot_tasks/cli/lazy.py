"""A group of commands that are known by name and one line of help, and whose modules are imported when they are called.

So `crobot --help`, the completion of names and a name that was mistyped load none of them, and a package that is
missing breaks only the commands that need it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import NamedTuple

import click
from click.shell_completion import CompletionItem

from crobot_tasks.cli import installation


class Entry(NamedTuple):
    """A command of the table."""

    #: module within this package, and the command's name there
    place: str
    #: its help up to the first full stop
    help: str

    def load(self, path: str) -> click.Command:
        """Import the command, called ``path`` by its users.

        Raises:
            BrokenInstallation: its module cannot be imported.
        """
        module, name = self.place.split(":")
        with installation.needed_by(path):
            command = getattr(import_module(f"{__package__}.{module}"), name)
        assert isinstance(command, click.Command)
        return command


class Branch(NamedTuple):
    """A group of the table, and its commands."""

    help: str
    commands: Table


Table = Mapping[str, Entry | Branch]


class LazyGroup(click.Group):
    """A group that reads its commands off a table."""

    def __init__(self, name: str, help: str, table: Table) -> None:
        super().__init__(name, help=help, context_settings={"help_option_names": ["-h", "--help"]})
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, for the help page."""
        return sorted(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported, or a group of them."""
        match self.table.get(cmd_name):
            case Branch(help, commands):
                return LazyGroup(cmd_name, help, commands)
            case Entry() as entry:
                return entry.load(f"{ctx.command_path} {cmd_name}")
            case _:
                return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is called; one that does not exist is answered by those of a similar name."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(error.command_name, possibilities=self.table, ctx=ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands onto the help page, from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.table[name].help) for name in self.list_commands(ctx)])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a command's name from the table, and an option's as click does."""
        commands = [
            CompletionItem(name, help=self.table[name].help)
            for name in self.list_commands(ctx)
            if name.startswith(incomplete)
        ]
        return commands + click.Command.shell_complete(self, ctx, incomplete)
