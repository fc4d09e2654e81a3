"""The ways in that the original's web app knows: /head/submit and /api/v1.0/assemble."""

from __future__ import annotations

import json

import pytest

from db.engine import transaction
from db.species import Strain
from db.species.strains import add_strain_with_reads
from tests.integration.crobot_tasks.web.api.conftest import ROOT, Client, ended
from tests.processes import Cluster, query, value

ITEM = {
    "pipeline": "probe",
    "version": "",
    "inputs": {},
    "params": {"value": 5},
    "reads": [],
    "workgroup": "",
    "priority": 1,
}


@pytest.mark.parametrize(
    "form", [{"data": {"SUBMIT": json.dumps(ITEM)}}, {"json": ITEM}], ids=["form", "json"]
)
def test_a_job_is_submitted_as_the_original_does(
    cluster: Cluster, app_of_7: Client, form: dict[str, object]
) -> None:
    number = app_of_7.call("POST", "/head/submit", 201, **form).get_json()["job"]
    assert ended(number) == "COMPLETE"
    assert app_of_7.job(number)["result"]["results"]["value"] == 5


def test_a_form_counts_as_it_was_written_for_its_key(tables: None, app_of_7: Client) -> None:
    def submit(status: int, priority: int) -> int | None:
        form = {"SUBMIT": json.dumps(ITEM | {"params": {"cores": 64}, "priority": priority})}
        answer = app_of_7.call("POST", "/head/submit", status, data=form, headers={"Idempotency-Key": "form"})
        return answer.get_json().get("job")

    number = submit(201, 1)
    assert submit(201, 1) == number
    submit(422, 2)
    app_of_7.post(f"{ROOT}/jobs/{number}/cancel", status=200)


def test_a_field_that_is_not_known_is_refused(tables: None, app_of_7: Client) -> None:
    wrong = {"data": {"SUBMIT": json.dumps(ITEM | {"usr": "admin"})}}
    assert "known are pipeline" in app_of_7.problem("POST", "/head/submit", 422, **wrong)["detail"]
    app_of_7.problem("POST", "/head/submit", 400, data={"SUBMIT": "{"})
    good = json.dumps(ITEM)
    for form in (
        {"SUBMIT": good, "callback": "http://app.example/"},
        {"SUBMIT": [good, good]},
        {"job": good},
    ):
        assert "one field, SUBMIT" in app_of_7.problem("POST", "/head/submit", 422, data=form)["detail"]


def test_strains_are_assembled_all_or_none(
    tables: None, app_of_7: Client, senterica: str, strain: str, reads: list[str]
) -> None:
    with transaction(senterica) as session:
        add_strain_with_reads(session, strain, reads, app_of_7.user)
        barcode = session.query(Strain).filter_by(strain=strain).one().barcode
    path = f"{ROOT}/assemble"
    given = {"database": senterica, "strains": [strain, barcode], "params": {"cores": 64}, "batch": "put"}
    wrong = app_of_7.problem("PUT", path, 422, json=given | {"strains": [strain, "nobody"]})
    assert "'nobody'" in wrong["detail"]
    assert value("SELECT count(*) FROM crobot.jobs WHERE user_id = :user", user=app_of_7.user) == 0
    (sent,) = app_of_7.call("PUT", path, 201, json=given).get_json()["jobs"]
    again = app_of_7.call("PUT", path, 200, json=given).get_json()["jobs"]
    assert [(one["job"], one["joined"]) for one in again] == [(sent["job"], True)]
    assert app_of_7.job(sent["job"])["type"] == "QAssembly"
    app_of_7.post(f"{ROOT}/jobs/{sent['job']}/cancel", status=200)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"database": "senterica"}, "either strains or accessions"),
        ({"database": "senterica", "strains": ["a"], "accessions": ["ERR1"]}, "either strains or accessions"),
        ({"database": "senterica", "accessions": ["ERR000001"]}, "no read archive is configured"),
        ({"database": "nosuch", "strains": ["a"]}, "no species 'nosuch'"),
        ({"database": "senterica", "strains": ["a"], "params": {"min_contig": "x"}}, "min_contig"),
        ({"database": "senterica", "strains": ["a"], "workgroup": "x"}, "for no workgroup"),
        ({"strains": ["a"]}, "database"),
    ],
)
def test_what_cannot_be_assembled_is_refused(
    tables: None, senterica: str, app_of_7: Client, given: dict[str, object], says: str
) -> None:
    assert says in app_of_7.problem("PUT", f"{ROOT}/assemble", 422, json=given)["detail"]
    assert query("SELECT id FROM crobot.jobs WHERE user_id = :user", user=app_of_7.user) == []
