"""In which order a worker looks into its queues at Redis or Valkey."""

from __future__ import annotations

from collections.abc import Sequence

from kombu.utils.scheduling import priority_cycle

#: of so many reads one begins with the least urgent queue
TURN = 4


class Turns(priority_cycle):
    """The most urgent queue first, and every fourth time the least urgent one.

    Over a slow line a read takes as long as a heartbeat needs to come. By urgency alone a head would then read
    heartbeats for ever, and no report.
    """

    _reads = 0

    def consume(self, n: int) -> Sequence[str]:
        """Return the queues in the order of the next read."""
        self._reads += 1
        queues: Sequence[str] = super().consume(n)
        return queues if self._reads % TURN else queues[::-1]
