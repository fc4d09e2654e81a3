"""(c) Celery's result backend in a body: what canvas stores is collected with the sends, and nobody can wait there."""

from __future__ import annotations

from collections import Counter
from typing import Any, NoReturn

from celery import states
from celery.backends.base import DisabledBackend
from celery.result import GroupResult

from crobot_errors import CRobotError
from crobot_tasks.broker.json_values import plain
from crobot_tasks.lifecycle.calls.sends import Sends, collected

#: its address, as Celery's settings have it
URL = "crobot_tasks.node.body_results:BodyResults+disabled://"


class BodyResults(DisabledBackend):
    """A node has no results, its own included: the head stores them when the outcome is committed."""

    def ensure_chords_allowed(self) -> None:
        """Chords are the head's to complete."""

    def set_chord_size(self, group_id: str, chord_size: int) -> None:
        """Collect how many results a chord waits for."""
        _sends(group_id).chord_sizes[group_id] = chord_size

    def add_to_chord(self, chord_id: str, result: Any) -> None:
        """Collect that a chord waits for one result more."""
        _sends(chord_id).chord_growth = dict(Counter(_sends(chord_id).chord_growth) + Counter([chord_id]))

    def apply_chord(self, header_result_args: Any, body: Any, **_: Any) -> None:
        """Collect the shape of a chord's results, if there are groups among them."""
        header = self.app.GroupResult(*header_result_args)
        if any(isinstance(result, GroupResult) for result in header.results):
            self.save_group(header.id, header)

    def save_group(self, group_id: str, result: Any) -> None:
        """Collect the results of a group, to be found by its id."""
        _sends(group_id).groups[group_id] = plain(result.as_tuple(), "a group")

    def get_task_meta(self, task_id: str, cache: bool = True) -> dict[str, Any]:
        """Return that what this body has sent waits; it is sent when the body has returned."""
        sends = collected()
        if sends is None or all(call.task_id != task_id for call in sends.calls):
            self._is_disabled(task_id)
        return {"task_id": task_id, "status": states.PENDING, "result": None}

    def _is_disabled(self, *args: Any, **_: Any) -> NoReturn:
        raise CRobotError(
            "a body cannot ask for the result of another job: what it sends is sent when it has returned. Return, and "
            "let a chain or a chord go on with the results, or put what follows in its place: self.replace(…)"
        )

    get_state = get_status = get_result = get_traceback = get_children = _is_disabled
    get_task_meta_for = wait_for = wait_for_pending = get_many = iter_native = _is_disabled
    reload_task_result = reload_group_result = get_group_meta = restore_group = task_result_exists = (
        _is_disabled
    )
    forget = delete_group = _is_disabled


def _sends(group_id: str) -> Sends:
    sends = collected()
    if sends is None:
        raise CRobotError(
            f"{group_id} cannot be sent here: only the body itself sends, in the thread that runs it"
        )
    return sends
