"""What an operator should know of an update: pauses that hold its jobs back, names in the policy that nothing has."""

from __future__ import annotations

from collections.abc import Collection

from crobot_tasks.lifecycle import policy_in_force
from crobot_tasks.operate.paused import pause_of
from db.engine import transaction


def warnings(species: Collection[str]) -> list[str]:
    """Return a sentence for each."""
    with transaction() as session:
        unknown = policy_in_force.unknown_species(session, policy_in_force.current(session))
        pauses = [pause_of(session, name) for name in sorted(species)]
    return unknown + [f"{pause}; what is sent waits" for pause in dict.fromkeys(pauses) if pause]
