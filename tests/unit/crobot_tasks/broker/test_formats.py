"""The forms of what travels: messages keep the names that nodes and heads of format 1 know."""

from __future__ import annotations

from crobot_tasks.broker.formats import from_message, to_message

HEARTBEAT = {"known": ["7.1"], "local_data": ["/reads"], "message_format": 1, "unavailable": {}, "beat": 3}
MESSAGE = {"held": ["7.1"], "holds": ["/reads"], "reads": 1, "missing": {}, "beat": 3}


def test_parts_of_a_heartbeat_have_the_names_of_format_1_in_messages() -> None:
    assert to_message(HEARTBEAT) == MESSAGE
    assert from_message(MESSAGE) == HEARTBEAT
