"""(d) When a report that no head has acknowledged is sent again."""

from __future__ import annotations

from dataclasses import dataclass

#: a report that is not acknowledged is sent again after so many seconds, and then after twice as many, and so on
RESEND_S = 10.0
LONGEST_RESEND_S = 600.0


@dataclass(frozen=True)
class Sent:
    """When a report was last sent, and how often; times are monotonic seconds."""

    at: float = 0.0
    times: int = 0

    def again(self, now: float) -> Sent:
        """Return the same, sent once more."""
        return Sent(now, self.times + 1)

    @property
    def due_at(self) -> float:
        """When it is to be sent again, if it is not acknowledged before."""
        return self.at + min(RESEND_S * 2 ** min(self.times - 1, 10), LONGEST_RESEND_S)
