"""What another policy would do to the jobs that wait now: both are simulated, and laid side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crobot_tasks.operate.explain import View
from crobot_tasks.router.policy import Policy

#: starts that are simulated with each policy
FORESEEN = 2000
#: a start that moves by less is the same: by so much of its time, and seconds
_SHARE, _LEAST_S = 0.1, 5.0

#: the node, and in how many seconds
Start = tuple[str, float]


@dataclass(frozen=True)
class Difference:
    """A job that would begin elsewhere or at another time; None: not among the first that begin."""

    job_id: int
    now: Start | None
    then: Start | None


@dataclass(frozen=True)
class Foreseen:
    """What two policies make of the same jobs."""

    #: jobs that begin under at least one of them
    jobs: int
    earlier: int
    later: int
    elsewhere: int
    differences: list[Difference]


def foresee(session: Any, policy: Policy) -> Foreseen:
    """Compare the policy in force with another one, for what waits now if nothing else came."""
    now, then = View(session).starts(FORESEEN), View(session, policy).starts(FORESEEN)
    return compare(now, then)


def compare(now: dict[int, Start], then: dict[int, Start]) -> Foreseen:
    """Say which jobs begin otherwise, in the order in which they begin now."""
    ids = list(dict.fromkeys([*now, *then]))
    pairs = [Difference(job_id, now.get(job_id), then.get(job_id)) for job_id in ids]
    differences = [one for one in pairs if _moved(one) or _elsewhere(one)]
    return Foreseen(
        jobs=len(ids),
        earlier=sum(_moved(one) < 0 for one in differences),
        later=sum(_moved(one) > 0 for one in differences),
        elsewhere=sum(_elsewhere(one) for one in differences),
        differences=differences,
    )


def _moved(one: Difference) -> int:
    """Whether it begins earlier (-1), later (1), or at the same time."""
    if one.now is None or one.then is None:
        return 1 if one.then is None else -1
    by_s = one.then[1] - one.now[1]
    if abs(by_s) < max(_LEAST_S, _SHARE * one.now[1]):
        return 0
    return 1 if by_s > 0 else -1


def _elsewhere(one: Difference) -> bool:
    return one.now is not None and one.then is not None and one.now[0] != one.then[0]
