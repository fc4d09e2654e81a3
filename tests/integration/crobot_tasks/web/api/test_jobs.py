"""Jobs by HTTP: sent, shown, listed by pages, changed; as the commands do it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest

from crobot_tasks.intake.genomes import add_assembly
from crobot_tasks.lifecycle.cancel import cancel_each
from crobot_tasks.operate import just_sent, pause
from crobot_tasks.operate.tokens import Scope
from db.crobot import PausedKind
from demo.data import DemoData
from tests.integration.crobot_tasks.conftest import genomes
from tests.integration.crobot_tasks.maintenance.past import move
from tests.integration.crobot_tasks.web.api.conftest import ROOT, Client, ended
from tests.processes import Cluster, query, value
from tests.statements import statements

#: on no node of the cluster: the job waits
TOO_MANY = {"params": {"cores": 64}}

Make = Callable[..., Client]


def test_a_job_is_sent_runs_and_is_shown_with_its_attempt_and_result(
    cluster: Cluster, app_of_7: Client
) -> None:
    item = {
        "pipeline": "probe", "params": {"value": "héllo"}, "tag": "t1", "batch": "b1", "priority": 2,
        "expires_s": 600, "memory_bytes": 2**28,
    }  # fmt: skip
    answer = app_of_7.call("POST", f"{ROOT}/jobs", 201, json=item)
    number = answer.get_json()["job"]
    assert answer.headers["Location"] == answer.get_json()["url"] == f"{ROOT}/jobs/{number}"
    assert ended(number) == "COMPLETE"
    job = app_of_7.job(number)
    assert (job["state"], job["result"]["results"]["value"]) == ("COMPLETE", "héllo")
    assert (job["tag"], job["batch"], job["priority"], job["user_id"]) == ("t1", "b1", 2, app_of_7.user)
    assert [one["outcome"] for one in job["attempts"]] == ["ok"]
    assert job["memory_bytes"] == 2**28
    assert datetime.fromisoformat(job["finished_at"]).utcoffset() is not None


def test_a_thousand_jobs_are_sent_at_once_and_listed_by_pages(tables: None, app_of_7: Client) -> None:
    many = [{"pipeline": "probe", "countdown_s": 9999, "batch": "many"}] * 1000
    sent = app_of_7.post(f"{ROOT}/jobs", many)["jobs"]
    numbers = [one["job"] for one in sent]
    assert len(set(numbers)) == 1000
    assert sent[0]["why_waiting"].startswith("not before")
    path, seen = f"{ROOT}/jobs?batch=many&state=LIVE&limit=400", []
    while path:
        page = app_of_7.get(path)
        seen += [job["id"] for job in page["jobs"]]
        path = page["next"]
    assert seen == sorted(numbers, reverse=True)
    cancel_each(numbers)


def test_a_past_job_is_shown_and_listed_and_sent_again_as_before(cluster: Cluster, app_of_7: Client) -> None:
    numbers = [app_of_7.probe(batch="past") for _ in range(3)]
    for number in numbers:
        assert ended(number) == "COMPLETE"
    before = app_of_7.job(numbers[0])
    move(*numbers[:2])
    shown = app_of_7.job(numbers[0])
    differs = {name for name, value in before.items() if shown[name] != value}
    assert differs <= {"sent_at", "finished_at"}
    first = app_of_7.get(f"{ROOT}/jobs?batch=past&limit=2")
    listed = [*first["jobs"], *app_of_7.get(first["next"])["jobs"]]
    assert [job["id"] for job in listed] == sorted(numbers, reverse=True)
    again = app_of_7.post(f"{ROOT}/jobs/{numbers[0]}/resend")["job"]
    assert ended(again) == "COMPLETE"


def test_of_jobs_of_which_one_cannot_be_sent_none_is(tables: None, app_of_7: Client) -> None:
    items = [{"pipeline": "probe", "countdown_s": 9999}] * 3 + [{"pipeline": "nosuch"}]
    problem = app_of_7.problem("POST", f"{ROOT}/jobs", 422, json=items)
    assert problem["type"] == "urn:crobot:UnknownPipeline"
    assert "job 3 of the request: no pipeline 'nosuch'; known are" in problem["detail"]
    assert problem["errors"][0]["field"] == "3"
    assert value("SELECT count(*) FROM crobot.jobs WHERE user_id = :id", id=app_of_7.user) == 0


def test_a_job_that_waits_says_why_and_when_it_may_begin(cluster: Cluster, app_of_7: Client) -> None:
    number = app_of_7.probe(**TOO_MANY)
    assert app_of_7.job(number)["estimate"] is None
    job = app_of_7.job(number, "?estimate=true")
    assert "64 cores" in job["why"]
    assert "64 cores" in job["estimate"]["nodes"]["calc01"]
    assert job["estimate"]["own_ahead"] == 0
    changed = app_of_7.post(f"{ROOT}/jobs/{number}/cancel", {"reason": "enough"}, 200)
    assert changed == {"job": number, "state": "CANCELLED", "was": "WAITING"}
    assert app_of_7.job(number)["message"] == "enough"


def test_a_job_is_held_released_cancelled_and_sent_again(cluster: Cluster, app_of_7: Client) -> None:
    number = app_of_7.probe(params={"value": 1}, countdown_s=1)
    path = f"{ROOT}/jobs/{number}"
    app_of_7.post(f"{path}/hold", {"reason": "let me look"}, 200)
    assert app_of_7.job(number)["why"] == "held: let me look"
    assert [job["id"] for job in app_of_7.get(f"{ROOT}/jobs?held=true")["jobs"]] == [number]
    assert "only a job that is over" in app_of_7.problem("POST", f"{path}/resend", 409, json={})["detail"]
    app_of_7.post(f"{path}/release", status=200)
    assert ended(number) == "COMPLETE"
    assert "not held" in app_of_7.problem("POST", f"{path}/release", 409)["detail"]
    assert "only a live job" in app_of_7.problem("POST", f"{path}/hold", 409, json={})["detail"]
    again = app_of_7.post(f"{path}/resend", {"params": {"value": 2}})["job"]
    assert ended(again) == "COMPLETE"
    assert app_of_7.job(again)["result"]["results"]["value"] == 2
    assert app_of_7.post(f"{path}/cancel", {}, 200)["state"] == "COMPLETE"


def test_jobs_of_others_are_not_there_those_of_the_workgroup_are(tables: None, client: Make) -> None:
    mine, other, colleague = client(workgroup="wg"), client(), client(workgroup="wg")
    number = mine.probe(**TOO_MANY)
    assert colleague.job(number)["workgroup"] == "wg"
    assert [job["id"] for job in colleague.get(f"{ROOT}/jobs")["jobs"]] == [number]
    assert colleague.get(f"{ROOT}/jobs?user={mine.user}")["jobs"][0]["id"] == number
    assert other.get(f"{ROOT}/jobs")["jobs"] == other.get(f"{ROOT}/jobs?user={mine.user}")["jobs"] == []
    never = {
        path: other.problem(method, f"{ROOT}/jobs/{number}{path}", 404)["detail"]
        for method, path in [("GET", ""), ("GET", "/files"), ("POST", "/cancel"), ("POST", "/release")]
    }
    assert set(never.values()) == {f"there is no job {number}; `crobot jobs` lists them"}
    assert other.problem("GET", f"{ROOT}/jobs/{2**80}", 404)["type"] == "urn:crobot:UnknownJob"
    admin = client(Scope.ADMIN_READ)
    assert admin.job(number)["id"] == number
    assert admin.get(f"{ROOT}/jobs?workgroup=wg")["jobs"][0]["id"] == number
    wrong = {"pipeline": "probe", "workgroup": "wg"}
    assert "for no workgroup" in other.problem("POST", f"{ROOT}/jobs", 422, json=wrong)["detail"]
    colleague.post(f"{ROOT}/jobs/{number}/cancel", {}, 200)


@pytest.fixture
def genome(senterica: str, strain: str, demo_data: DemoData) -> str:
    """The barcode of an assembly."""
    return add_assembly(senterica, strain, demo_data.sequenced, send=False).barcode


@pytest.fixture
def calls_wait(tables: None) -> Iterator[Callable[[], object]]:
    """Jobs of schemes are not begun before the function is called."""
    what = [(PausedKind.PIPELINE, "nomenclature")]
    pause.pause(what, "a test")
    yield lambda: pause.unpause(what)
    pause.unpause(what)


def test_who_joins_the_job_of_somebody_else_sees_it_and_cannot_change_it(
    cluster: Cluster, client: Make, genome: str, senterica: str, calls_wait: Callable[[], object]
) -> None:
    first, second, third = client(), client(), client()
    item = {"database": senterica, "scheme": "MLST_Achtman", "assembly": genome}
    sent = first.post(f"{ROOT}/jobs", item)
    assert (sent["joined"], "paused" in sent["why_waiting"]) == (False, True)
    joined = second.post(f"{ROOT}/jobs", item, 200)
    assert (joined["job"], joined["joined"]) == (sent["job"], True)
    assert second.job(sent["job"])["user_id"] == first.user
    third.problem("GET", f"{ROOT}/jobs/{sent['job']}", 404)
    path = f"{ROOT}/jobs/{sent['job']}/cancel"
    assert "somebody else" in second.problem("POST", path, 403, json={})["detail"]
    calls_wait()
    assert ended(sent["job"]) == "COMPLETE"
    assert third.post(f"{ROOT}/jobs", item, 200)["cached"]
    assert third.job(sent["job"])["state"] == "COMPLETE"
    wrong = first.problem("POST", f"{ROOT}/jobs", 422, json=item | {"scheme": "none"})
    assert wrong["type"] == "urn:crobot:UnknownScheme"


def scheme_items(senterica: str, assemblies: list[str], **more: object) -> list[dict[str, object]]:
    """Calls of a scheme on assemblies."""
    item = {"database": senterica, "scheme": "MLST_Achtman"} | more
    return [item | {"assembly": barcode} for barcode in assemblies]


def test_what_schemes_on_many_assemblies_ask_of_the_database_does_not_grow_with_them(
    app_of_7: Client,
    senterica: str,
    data_dir: Path,
    calls_wait: Callable[[], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assemblies = genomes(senterica, str(uuid4()), data_dir, 24)[1]
    asked = []
    # the first request reads what the process keeps for a while: how the nodes stand, for one
    monkeypatch.setattr(just_sent, "FRESH_S", 3600.0)
    for some in (assemblies[:2], assemblies[2:4], assemblies[4:]):
        with statements() as seen:
            sent = app_of_7.post(f"{ROOT}/jobs", scheme_items(senterica, some))["jobs"]
        asked.append(len(seen))
        numbers = [one["job"] for one in sent]
        tags = query("SELECT id, tag FROM crobot.jobs WHERE id = ANY(:ids)", ids=numbers)
        assert [dict(map(tuple, tags))[number] for number in numbers] == some
        cancel_each(numbers)
    assert asked[1] == asked[2]


def test_schemes_go_beside_other_jobs_and_each_item_has_its_own_answer(
    app_of_7: Client, client: Make, senterica: str, data_dir: Path, calls_wait: Callable[[], object]
) -> None:
    first, second, third = genomes(senterica, str(uuid4()), data_dir, 3)[1]
    live = client().post(f"{ROOT}/jobs", scheme_items(senterica, [first])[0])["job"]
    probe = {"pipeline": "probe", "countdown_s": 9999}
    given = [
        *scheme_items(senterica, [first, second]),
        probe,
        *scheme_items(senterica, [second], again=True),
        *scheme_items(senterica, [third], priority=2, again=True, batch="b2"),
        *scheme_items(senterica, [third], scheme="prokka_annotation"),
    ]
    sent = app_of_7.post(f"{ROOT}/jobs", given)["jobs"]
    numbers = [one["job"] for one in sent]
    assert (numbers[0], numbers[3]) == (live, numbers[1])
    assert [one["joined"] for one in sent] == [True, False, False, True, False, False]
    jobs = [app_of_7.job(number) for number in numbers[1:]]
    assert [job["tag"] for job in jobs] == [second, "", second, third, third]
    assert [job["pipeline"] for job in jobs] == [
        "nomenclature", "probe", "nomenclature", "nomenclature", "prokka_annotation"
    ]  # fmt: skip
    assert (jobs[3]["priority"], jobs[3]["batch"]) == (2, "b2")
    assert {job["user_id"] for job in jobs} == {app_of_7.user}
    cancel_each(numbers)


@pytest.mark.parametrize(
    ("wrong", "kind", "text"),
    [
        ({"scheme": "none"}, "UnknownScheme", "'none'"),
        ({"assembly": "SAL_ZZ9999AA_AS"}, "BadInput", "SAL_ZZ9999AA_AS"),
        ({"scheme": "snp_calls"}, "BadInput", "the scheme 'snp_calls' has no pipeline"),
    ],
)
def test_of_schemes_of_which_one_cannot_be_called_none_is(
    app_of_7: Client, senterica: str, data_dir: Path, wrong: dict[str, str], kind: str, text: str
) -> None:
    items = scheme_items(senterica, genomes(senterica, str(uuid4()), data_dir, 3)[1])
    problem = app_of_7.problem("POST", f"{ROOT}/jobs", 422, json=[*items[:2], items[2] | wrong])
    assert problem["type"] == f"urn:crobot:{kind}"
    assert problem["detail"].startswith("job 2 of the request: ")
    assert text in problem["detail"]
    assert problem["errors"][0]["field"] == "2"
    assert value("SELECT count(*) FROM crobot.jobs WHERE user_id = :id", id=app_of_7.user) == 0


def test_of_schemes_the_one_whose_file_no_job_may_read_is_named(
    app_of_7: Client, senterica: str, data_dir: Path
) -> None:
    assemblies = genomes(senterica, str(uuid4()), data_dir, 3)[1]
    moved = "UPDATE senterica.assemblies SET file_pointer = '/nowhere' WHERE barcode = :barcode RETURNING id"
    query(moved, barcode=assemblies[1])
    items = scheme_items(senterica, assemblies)
    problem = app_of_7.problem("POST", f"{ROOT}/jobs", 422, json=items)
    assert problem["detail"].startswith("job 1 of the request: '/nowhere' lies outside")
    assert value("SELECT count(*) FROM crobot.jobs WHERE user_id = :id", id=app_of_7.user) == 0


def test_a_job_names_what_came_of_it(cluster: Cluster, client: Make, genome: str, senterica: str) -> None:
    user, other = client(), client()
    item = {"database": senterica, "scheme": "MLST_Achtman", "assembly": genome, "again": True}
    number = user.post(f"{ROOT}/jobs", item)["job"]
    assert ended(number) == "COMPLETE"
    job = user.job(number)
    came = [job[name] for name in ("assembly", "analysis", "project", "resent_from", "followers")]
    assert came == [genome, None, None, None, []]
    others = other.post(f"{ROOT}/jobs", item)["job"]
    ended(others)
    resent = user.post(f"{ROOT}/jobs/{number}/resend", {})["job"]
    assert user.job(resent)["resent_from"] == number
    # whatever is sent for the same assembly later is none that followed
    assert user.job(number)["followers"] == []
    query(
        "UPDATE crobot.jobs SET context = CAST(context AS jsonb) || jsonb_build_object('follows', CAST(:job AS int))"
        " WHERE id = ANY(:ids) RETURNING id",
        job=number,
        ids=[others, resent],
    )
    # what others have sent is not told
    (follower,) = user.job(number)["followers"]
    assert (follower["job"], follower["type"]) == (resent, "nomenclature:MLST_Achtman")
    assert follower["url"] == f"{ROOT}/jobs/{resent}"
    ended(resent)


def test_every_change_is_noted_with_who_made_it_and_from_where(tables: None, app_of_7: Client) -> None:
    number = app_of_7.probe(**TOO_MANY)
    app_of_7.post(f"{ROOT}/jobs/{number}/hold", {}, 200, headers={"X-Request-Id": "mine-1"})
    app_of_7.post(f"{ROOT}/jobs/{number}/release", status=200)
    app_of_7.post(f"{ROOT}/jobs/{number}/cancel", {}, 200)
    app_of_7.problem("POST", f"{ROOT}/jobs/{number}/release", 409)
    rows = query(
        "SELECT action, job_ids, address, request_id FROM crobot.changes WHERE user_id = :user ORDER BY id",
        user=app_of_7.user,
    )
    assert [row.action for row in rows] == ["token create", "send", "hold", "release", "cancel"]
    assert {tuple(row.job_ids) for row in rows[1:]} == {(number,)}
    assert {row.address for row in rows[1:]} == {"127.0.0.1"}
    assert rows[2].request_id == "mine-1"


def test_nodes_and_health_are_told(cluster: Cluster, app_of_7: Client) -> None:
    nodes = {node["name"]: node for node in app_of_7.get(f"{ROOT}/nodes")["nodes"]}
    assert nodes["calc01"]["cores"] == 2
    assert datetime.fromisoformat(nodes["calc01"]["heartbeat_at"]).utcoffset() is not None
    app_of_7.token = ""
    assert app_of_7.get(f"{ROOT}/health") == {"database": "answers", "broker": "answers"}
