"""The table of commands; a command's module is imported when it is called, so that each starts fast."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version

import click

from crobot_tasks.cli.groups import Group

#: command → module within this package, and the command's name there
COMMANDS = {
    "analysis": "analyses.analyses:analysis",
    "assembly": "species.assemblies:assembly",
    "beat": "start.beat:beat",
    "cancel": "steer.cancel:cancel",
    "db": "start.tables:db",
    "drain": "show.nodes:drain",
    "explain": "show.explain:explain",
    "flower": "start.flower:flower",
    "head": "start.head:head",
    "hold": "steer.hold:hold",
    "jobs": "show.jobs:jobs",
    "log": "show.log:log",
    "node": "start.node:node",
    "nodes": "show.nodes:nodes",
    "pause": "steer.pause:pause",
    "policy": "show.policy:policy",
    "priority": "steer.hold:priority",
    "project": "analyses.projects:project",
    "release": "steer.hold:release",
    "resend": "steer.resend:resend",
    "resume": "show.nodes:resume",
    "scheme": "species.schemes:scheme",
    "send": "send.command:send",
    "servers": "start.servers:servers",
    "show": "show.job:show",
    "simulate": "show.simulate:simulate",
    "species": "species.species:species",
    "status": "show.status:status",
    "unpause": "steer.pause:unpause",
    "wait": "steer.wait:wait",
}


class Commands(Group):
    """A group that knows its commands by name only, until one is asked for."""

    def __init__(self, name: str, table: Mapping[str, str], help: str) -> None:
        super().__init__(name, help=help, context_settings={"help_option_names": ["-h", "--help"]})
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, for the help page."""
        return sorted(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self.table:
            return None
        module, name = self.table[cmd_name].split(":")
        command = getattr(import_module(f"crobot_tasks.cli.{module}"), name)
        assert isinstance(command, click.Command)
        return command


crobot = Commands(
    "crobot", COMMANDS, "Reads in, typed assemblies out: the job system of a bacterial-genomics database."
)
crobot = click.version_option(version("crobot"), prog_name="crobot")(crobot)
