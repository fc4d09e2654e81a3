"""How fast a batch goes, and when it will be over: reckoned from how it stands and for how long it has been sent."""

from __future__ import annotations

from dataclasses import dataclass

from crobot_tasks.batches.standing import Standing


@dataclass(frozen=True)
class Pace:
    """Mean speed since the first item was sent; None is what cannot be known yet, or will not come."""

    elapsed_s: float | None = None
    #: items that jobs have ended, a second
    rate: float | None = None
    #: seconds until all have ended, if it goes on like this
    left_s: float | None = None


def pace(now: Standing, elapsed_s: float | None, *, moves: bool = True) -> Pace:
    """Reckon from the items that jobs have ended: those that were cached, or left out, cost no time.

    Args:
        elapsed_s: since the first item was sent, until now, or until it was paused or over.
        moves: whether it goes on by itself.
    """
    if elapsed_s is None:
        return Pace()
    ended = now.complete + now.failed + now.forgotten
    if ended == 0 or elapsed_s <= 0:
        return Pace(elapsed_s)
    rate = ended / elapsed_s
    return Pace(elapsed_s, rate, (now.unsent + now.live) / rate if moves else None)
