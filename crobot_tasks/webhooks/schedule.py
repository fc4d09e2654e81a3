"""What follows a try to post: delivered, given up, switched off, or tried again, and when; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import uniform

from db.crobot import DeliveryState

#: seconds after the first try, the second …; the try after the last of them is the last, three days after the first
DELAYS_S = (5.0, 60.0, 600.0, 3600.0, 6 * 3600.0, 24 * 3600.0, 24 * 3600.0, 24 * 3600.0)
#: a server that asks for more time gets no more than this
LONGEST_WAIT_S = 24 * 3600.0
#: what waited together is spread by so much of its delay
SPREAD = 0.2
GONE = 410


@dataclass(frozen=True)
class Answer:
    """What a server said, or why there is no answer."""

    status: int | None = None
    #: the header, as it came
    retry_after: str = ""
    #: one line for a person; empty if the answer was good
    error: str = ""

    @property
    def good(self) -> bool:
        """Whether the outcome was taken."""
        return self.status is not None and 200 <= self.status < 300 and not self.error


@dataclass(frozen=True)
class Step:
    """What follows; ``delay_s`` counts if it goes on waiting."""

    state: DeliveryState
    delay_s: float = 0.0
    #: the address is switched off
    off: bool = False


def next_step(answer: Answer, tries: int) -> Step:
    """Say what follows the ``tries``-th try."""
    if answer.good:
        return Step(DeliveryState.DELIVERED)
    if answer.status == GONE:
        return Step(DeliveryState.HELD, off=True)
    if tries > len(DELAYS_S):
        return Step(DeliveryState.GIVEN_UP)
    delay_s = DELAYS_S[tries - 1] * uniform(1 - SPREAD, 1 + SPREAD)
    return Step(DeliveryState.WAITING, max(delay_s, min(_seconds(answer.retry_after), LONGEST_WAIT_S)))


def _seconds(retry_after: str) -> float:
    """Read Retry-After: seconds, or a date; what is neither asks for nothing."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return 0.0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
