"""Groups of commands: their help tells the whole first sentence of each."""

from __future__ import annotations

import click

#: longer than any sentence
_WHOLE = 10_000


class Group(click.Group):
    """A group that does not cut its commands' sentences off with dots."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, each with its sentence, which goes on below if there is no room beside the name."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [
            (name, command.get_short_help_str(_WHOLE))
            for name, command in commands
            if command is not None and not command.hidden
        ]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)
