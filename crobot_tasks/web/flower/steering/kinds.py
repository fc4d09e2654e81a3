"""What can be done to jobs on our pages, each by the functions that the commands and the HTTP API use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from crobot_errors import BadInput
from crobot_tasks.lifecycle import cancel as cancelling
from crobot_tasks.operate import hold as holding
from crobot_tasks.operate.resend import Changes, resend_within
from crobot_tasks.web.flower.steering.fields import Given
from db.crobot import OVER, control
from db.crobot.selection import Selection

#: jobs that are sent again in one transaction: files may be looked at
_RESENT_AT_ONCE = 20

#: session, jobs that are locked, what was given → which of them were refused, each with the reason
Do = Callable[[Any, Sequence[int], Given], Mapping[int, str]]


@dataclass(frozen=True)
class Kind:
    """One thing that can be done to many jobs."""

    #: in addresses, and in the table of changes
    name: str
    #: as a button says it, and as is said when it was done
    label: str
    past: str
    #: of the selected jobs those that it can change, and what these are
    of: Callable[[Selection], Selection]
    wanted: str
    do: Do
    #: jobs of one transaction
    slice: int
    #: fields that are asked for
    fields: tuple[str, ...] = ()
    #: those of the fields that may not be empty
    required: tuple[str, ...] = ()
    #: those of a filter to which it was done before, which are left out: by number they are not
    before: Callable[[Any, Sequence[int]], Set[int]] = lambda session, job_ids: frozenset()
    #: each transaction takes the jobs of one species
    by_species: bool = False


def _held(selection: Selection) -> Selection:
    return replace(selection, held=True)


def _over(selection: Selection) -> Selection:
    states = OVER if selection.states is None else tuple(one for one in selection.states if one in OVER)
    return replace(selection, states=states)


def _cancel(session: Any, job_ids: Sequence[int], given: Given) -> Mapping[int, str]:
    cancelling.cancel_each(job_ids, given.reason or "cancelled")
    return {}


def _hold(session: Any, job_ids: Sequence[int], given: Given) -> Mapping[int, str]:
    holding.hold(Selection(ids=tuple(job_ids)), given.reason)
    return {}


def _release(session: Any, job_ids: Sequence[int], given: Given) -> Mapping[int, str]:
    holding.release(Selection(ids=tuple(job_ids)))
    return {}


def _reprioritise(session: Any, job_ids: Sequence[int], given: Given) -> Mapping[int, str]:
    if given.priority is not None:
        holding.reprioritise(Selection(ids=tuple(job_ids)), given.priority)
    return {}


def _resend(session: Any, job_ids: Sequence[int], given: Given) -> Mapping[int, str]:
    changes = Changes(params=given.params, priority=given.priority, version=given.version, cores=given.cores,
                      memory_bytes=given.memory_bytes, time_limit_s=given.time_limit_s)  # fmt: skip
    sent = {job_id: resend_within(session, job_id, changes) for job_id in job_ids}
    return {job_id: str(error) for job_id, error in sent.items() if isinstance(error, Exception)}


KINDS = {
    kind.name: kind
    for kind in (
        Kind("cancel", "Cancel", "cancelled", holding.live, "live", _cancel, cancelling.SLICE, ("reason",),
             by_species=True),
        Kind("hold", "Hold", "held", holding.live, "live", _hold, holding.SLICE, ("reason",), ("reason",)),
        Kind("release", "Release", "released", _held, "held", _release, holding.SLICE),
        Kind("priority", "Change the priority of", "given another priority", holding.live, "live", _reprioritise,
             holding.SLICE, ("priority",), ("priority",)),
        Kind("resend", "Send again", "sent again", _over, "over", _resend, _RESENT_AT_ONCE,
             ("priority", "params", "version", "cores", "memory_gib", "time_limit_h"),
             before=control.resent),
    )
}  # fmt: skip


def kind_of(name: str) -> Kind:
    """Return what is to be done.

    Raises:
        BadInput: nothing of this name can be.
    """
    if name not in KINDS:
        raise BadInput(f"nothing is called {name!r:.50}: choose one of {', '.join(KINDS)}")
    return KINDS[name]
