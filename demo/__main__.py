"""`python -m demo [kill | webapp]`: starts the demo with servers and folders of its own, whatever is configured."""

from __future__ import annotations

import os
import secrets
import socket
import sys
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
#: the kill story shortens what is said of times in celeryconfig.py, so that nobody has to wait for it
SHORT = {
    "CROBOT_HEARTBEAT_S": "1",
    "CROBOT_LEASE_S": "6",
    "CROBOT_MISSING_S": "3",
}
STORIES = {"show": "demo.show", "kill": "demo.kill", "webapp": "demo.webapp"}


def show() -> dict[str, str]:
    """Return the settings of the overview page: its port, and the password, another one each time."""
    return {
        "CROBOT_FLOWER_PORT": str(free_port(int(os.environ.get("CROBOT_FLOWER_PORT", "5555")))),
        "CROBOT_FLOWER_OPERATORS": f"operator:{secrets.token_urlsafe(8)}",
    }


def free_port(wanted: int) -> int:
    """Return this port, or another one if somebody listens there."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("there is no free port on 127.0.0.1")


def webapp() -> dict[str, str]:
    """Return the settings of the web app: its port, and where the streams of events are, which its pages read."""
    port, streams = os.environ.get("WEBAPP_PORT", "5557"), os.environ.get("CROBOT_FLOWER_PORT", "5555")
    return {
        "WEBAPP_PORT": port,
        "CROBOT_FLOWER_PORT": streams,
        "CROBOT_FLOWER_OPERATORS": f"operator:{secrets.token_urlsafe(8)}",
        "CROBOT_EVENTS_URL": f"http://127.0.0.1:{streams}/events",
        "CROBOT_EVENTS_ORIGINS": f"http://127.0.0.1:{port},http://localhost:{port}",
    }


OF_STORIES: dict[str, Callable[[], dict[str, str]]] = {"show": show, "kill": lambda: SHORT, "webapp": webapp}


def environment(story: str) -> dict[str, str]:
    """Return this process's environment with the demo's settings in place of all others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CROBOT_", "CELERY_"))}
    kept.pop("USE_CELERY", None)
    # the web app shows what the demo has assembled, too
    folder = PROJECT / "build" / ("demo-kill" if story == "kill" else "demo")
    settings = {"CROBOT_DATA_DIR": str(folder), "CROBOT_ROOTS": str(PROJECT / "build" / "demo-data")}
    return kept | settings | OF_STORIES.get(story, dict)()


def main() -> None:
    """Become the process that tells the story; a new one, since settings are read when a process starts."""
    story, *options = sys.argv[1:] or ["show"]
    if story.startswith("-"):
        story, options = "show", sys.argv[1:]
    if story not in STORIES or set(options) - {"--small", *(["--keep"] if story == "show" else [])}:
        sys.exit(
            "usage: python -m demo [kill | webapp] [--small] [--keep]\n"
            "  --small: reads of 5 % of the genome: seconds instead of minutes, but it fails the QA, as it should\n"
            "  --keep:  the demo alone: everything stays open at its end, until Ctrl-C"
        )
    os.chdir(PROJECT)
    # this interpreter, the project's own modules, arguments from the list above
    os.execve(sys.executable, [sys.executable, "-m", STORIES[story], *options], environment(story))  # noqa: S606


if __name__ == "__main__":
    main()
