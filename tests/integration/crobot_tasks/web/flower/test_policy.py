"""A policy's text is checked on its page, and laid beside the one in force; nothing is stored."""

from __future__ import annotations

import pytest

from crobot_tasks.lifecycle.cancel import cancel_each
from tests.command import document
from tests.integration.crobot_tasks.web.flower.conftest import Person
from tests.processes import Cluster, query, value, wait_for

POLICIES = "SELECT count(*) FROM crobot.policies"


def probe(user: int, priority: int, *more: object) -> int:
    asked = ("--user", user, "--priority", priority, "--cores", 2)
    return int(document("send", "probe", *asked, *more)["job"])


def test_a_text_is_checked_and_its_jobs_are_foreseen(
    cluster: Cluster, operator: Person, viewer: Person
) -> None:
    """In one class the turn is the other user's, who has used nothing; in two classes it is the more urgent job's."""
    operator.post(operator.form("/nodes", node="calc02", what="drain"), reason="one node is simpler")
    running = probe(70_801, 5, "--sleep", 100)
    wait_for(
        "it to run", lambda: value("SELECT state FROM crobot.jobs WHERE id = :id", id=running) == "RUNNING"
    )
    waiting = [probe(70_801, 4), probe(70_802, 6)]
    jobs = [running, *waiting]
    query("UPDATE crobot.jobs SET expected_s = 600 WHERE id = ANY(:ids) RETURNING id", ids=jobs)
    before = value(POLICIES)
    form = viewer.form("/policy")
    same = viewer.post(form, text="")
    assert "Of 2 jobs that can begin, 0 would begin otherwise" in same
    shown = viewer.post(form, text="[classes]\nfirst = 4\nlast = 9\n")
    assert "Of 2 jobs that can begin, 2 would begin otherwise" in shown
    assert "1 earlier, 1 later, 0 on another node" in shown
    rows = {job: shown.split(f'href="/jobs/{job}"')[1].split("</tr>")[0] for job in waiting}
    in_force, then = (cell.split("<")[0] for cell in rows[waiting[0]].split("calc01, in ")[1:])
    assert in_force.startswith(("19 min", "20 min"))
    assert then.startswith(("9 min", "10 min"))
    assert value(POLICIES) == before
    cancel_each(jobs)
    operator.post(operator.form("/nodes", node="calc02", what="resume"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("poison_after = <b>", "This text is no policy: "),
        ("[classes]\nfirst = 4\n", "This text is no policy: "),
        ("nosuch = 1", "nosuch"),
        ("#" * 100_001, "the text has 100,001 characters"),
    ],
    ids=range(4),
)
def test_a_text_that_is_wrong_is_said_to_be_and_stays_in_the_form(
    cluster: Cluster, operator: Person, text: str, said: str
) -> None:
    wrong = said.startswith("the text")
    shown = operator.post(operator.form("/policy"), 400 if wrong else 200, text=text)
    assert said in shown
    assert wrong or text in shown
    assert "jobs that can begin" not in shown


def test_a_text_from_elsewhere_is_not_looked_at(cluster: Cluster, operator: Person) -> None:
    form = operator.form("/policy")
    operator.post(form, 403, {"Origin": "https://evil.example.org"}, text="")
    operator.post(form, 403, token="a.1.b", text="")
