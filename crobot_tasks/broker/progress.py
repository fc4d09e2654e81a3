"""(c) How far a job is, as its body says by Celery's `update_state`: what may travel, checked on both sides."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from celery import states

from crobot_errors import BadInput
from crobot_tasks.broker.json_values import plain

#: a larger meta belongs into a file, or into the result
META_BYTES = 16 * 1024
STATE_CHARACTERS = 50
#: by these a caller would take the job for one that is over, or that raised
_NOT_A_BODYS = states.READY_STATES | states.EXCEPTION_STATES


@dataclass(frozen=True)
class Progress:
    """What a body says of itself: Celery's state, any word, and a value that goes with it."""

    state: str
    meta: Any


def checked_progress(state: Any, meta: Any) -> Progress:
    """Return what a body may say; without a state it is at work (STARTED).

    Raises:
        BadInput: the state is that of a job that is over, or one of the two is too large, or no JSON.
    """
    state = states.STARTED if state is None else plain(state, "a state")
    if not isinstance(state, str) or not 0 < len(state) <= STATE_CHARACTERS or not state.isprintable():
        raise BadInput(f"state {state!r:.80} is no word of at most {STATE_CHARACTERS} characters")
    if state in _NOT_A_BODYS:
        raise BadInput(f"state {state} is for a job that has ended or raised: return or raise instead")
    meta = plain(meta, f"the meta of state {state}")
    if (size := len(json.dumps(meta).encode())) > META_BYTES:
        raise BadInput(
            f"the meta of state {state} has {size} bytes, and may have {META_BYTES}: put what is large into the result"
        )
    return Progress(state, meta)
