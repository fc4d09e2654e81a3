"""A batch on one line that fits: a bar, and beside it what there is room for, the most important first."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.text import Text

from crobot_tasks.batches.overview import Overview
from crobot_tasks.cli.batches import words
from crobot_tasks.operate.amounts import duration

#: a bar is not drawn shorter, and not longer than anybody can read it
LEAST, MOST = 8, 60
GAP = "  "


class Bar:
    """The line of a batch, as wide as there is room."""

    def __init__(self, found: Overview) -> None:
        self.found = found

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        width = options.max_width - 1
        beside = _fitting(self.found, width - LEAST - len(GAP))
        drawn = self._drawn(min(MOST, width - cell_len(beside) - len(GAP)))
        yield Text.assemble(drawn, GAP, beside, no_wrap=True, overflow="ellipsis")

    def _drawn(self, width: int) -> Text:
        """Return the bar: green is what is over, red what failed."""
        items = self.found["items"]
        over = _cells(items["over"], items["size"], width)
        failed = min(over, -(-items["failed"] * width // max(1, items["size"])))
        return Text.assemble(
            ("━" * (over - failed), "green"), ("━" * failed, "red"), ("─" * (width - over), "dim")
        )


def line(found: Overview) -> str:
    """Return all that stands beside the bar, for a log: it is as long as it is."""
    return ", ".join(_parts(found).values())


def _cells(part: int, whole: int, width: int) -> int:
    return width if part >= whole else part * width // whole


def _fitting(found: Overview, room: int) -> str:
    """Return what there is room for, in the order of a line; what matters least is left out first."""
    parts = _parts(found)
    for name in ("rate", "running", "left", "failed", "counts", "state"):
        if cell_len(GAP.join(parts.values())) <= room:
            break
        parts.pop(name, None)
    return GAP.join(parts.values())


def _parts(found: Overview) -> dict[str, str]:
    items = found["items"]
    parts = {
        "state": "" if found["state"] == "running" else found["state"],
        "percent": words.percent(items),
        "counts": f"{items['over']:,} of {items['size']:,}",
        "failed": f"{items['failed']:,} failed" if items["failed"] else "",
        "running": f"{items['running']:,} running" if items["running"] else "",
        "rate": words.rate(found.get("rate")),
        "left": f"{duration(found['left_s'])} left" if found.get("left_s") else "",
    }
    return {name: text for name, text in parts.items() if text}
