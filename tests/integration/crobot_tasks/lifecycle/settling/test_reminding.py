"""Whether the result store has lost chords: heads look, and say so only if they have seen it whole before."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from crobot_tasks.lifecycle.settling.result_backend import remind
from db.crobot import chords
from db.engine import transaction
from tests.processes import Cluster, wait_for

_NEVER_SEEN = text("UPDATE crobot.monitoring SET results_seen_at = NULL WHERE id = 1")
_ANOTHER_RUN = text("UPDATE crobot.monitoring SET results_run = 'before' WHERE id = 1")


@pytest.mark.parametrize(("before", "is_said"), [(_NEVER_SEEN, False), (_ANOTHER_RUN, True)])
def test_a_loss_is_told_of_a_store_that_was_seen_before(
    cluster: Cluster, caplog: pytest.LogCaptureFixture, before: Any, is_said: bool
) -> None:
    chord_id = str(uuid4())
    with transaction() as session:
        # no head of the cluster looks meanwhile
        wait_for("other looks", partial(chords.only_reminder, session))
        remind()
        session.execute(before)
        chords.keep(session, chord_id, 1)
        remind()
        assert chords.answer(session, chord_id)
    assert ("has lost its data" in caplog.text) is is_said
