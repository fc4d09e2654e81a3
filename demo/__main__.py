"""`python -m demo [kill]`: gives the demo servers and folders of its own, whatever is configured, and starts it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
#: the kill story shortens what is said of times in celeryconfig.py, so that nobody has to wait for it
SHORT = {
    "CROBOT_HEARTBEAT_S": "1",
    "CROBOT_LEASE_S": "6",
    "CROBOT_MISSING_S": "3",
}
STORIES = {"show": "demo.show", "kill": "demo.kill"}


def environment(story: str) -> dict[str, str]:
    """Return this process's environment with the demo's settings in place of all others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CROBOT_", "CELERY_"))}
    kept.pop("USE_CELERY", None)
    folder = PROJECT / "build" / ("demo" if story == "show" else f"demo-{story}")
    settings = {"CROBOT_DATA_DIR": str(folder), "CROBOT_ROOTS": str(PROJECT / "build" / "demo-data")}
    return kept | settings | (SHORT if story == "kill" else {})


def main() -> None:
    """Become the process that tells the story; a new one, since settings are read when a process starts."""
    story, *options = sys.argv[1:] or ["show"]
    if story.startswith("-"):
        story, options = "show", sys.argv[1:]
    if story not in STORIES or any(option != "--small" for option in options):
        sys.exit(
            "usage: python -m demo [kill] [--small]\n"
            "  --small: reads of 5 % of the genome: seconds instead of minutes, but it fails the QA, as it should"
        )
    os.chdir(PROJECT)
    # this interpreter, the project's own modules, arguments from the list above
    os.execve(sys.executable, [sys.executable, "-m", STORIES[story], *options], environment(story))  # noqa: S606


if __name__ == "__main__":
    main()
