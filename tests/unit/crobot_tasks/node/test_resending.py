"""When a report that nobody has acknowledged is sent again."""

from __future__ import annotations

from crobot_tasks.node.resending import LONGEST_RESEND_S, RESEND_S, Sent


def test_a_report_is_sent_again_ever_more_slowly() -> None:
    sent, waits = Sent(), []
    for _ in range(9):
        sent = sent.again(sent.due_at)
        waits.append(sent.due_at - sent.at)
    assert waits[:4] == [RESEND_S, 2 * RESEND_S, 4 * RESEND_S, 8 * RESEND_S]
    assert waits[-1] == LONGEST_RESEND_S


def test_no_number_of_tries_is_too_large() -> None:
    assert Sent(0.0, 10**6).due_at == LONGEST_RESEND_S
