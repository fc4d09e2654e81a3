"""A pair of files becomes strain, reads and assembly job, all at once, or is refused in words that lead on."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crobot_tasks.intake.uploads import checkers
from crobot_tasks.intake.uploads.tending import tend_uploads
from crobot_tasks.operate.tokens import Scope
from db.engine import transaction
from db.species import Strain, Trace
from tests.integration.crobot_tasks.web.api.conftest import ROOT, Client
from tests.integration.crobot_tasks.web.api.uploads.conftest import Uploader, fastq, packed, sha256
from tests.processes import value, wait_for

UPLOADS = f"{ROOT}/uploads"


def strain_of(user: Uploader, name: str) -> Any:
    with transaction("senterica") as session:
        wanted = select(Strain.id, Strain.attributes)
        found = session.execute(wanted.where(Strain.strain == name, Strain.owner == user.client.user))
        return found.one_or_none()


def test_the_last_file_of_a_pair_makes_strain_reads_and_job(user: Uploader) -> None:
    described = {"country": "Ireland", "year": 2019}
    pair = user.announce(metadata=described, priority=7, batch="uploads", params={"assembler": "megahit"})
    assert (pair["state"], pair["files"], pair["job"]) == ("uploading", [], None)
    first = user.upload(pair, 1, packed(1), sha256=sha256(packed(1)))
    assert (user.file(first)["state"], user.file(first)["reads"]) == ("checked", 200)
    assert strain_of(user, pair["strain"]) is None
    user.upload(pair, 2, packed(2))
    sent = user.pair(pair["upload"])
    assert (sent["state"], sent["reason"], sent["expires_at"]) == ("sent", "", None)
    assert [file["state"] for file in sent["files"]] == ["checked"] * 2
    job = user.client.get(sent["job_url"])
    assert (job["pipeline"], job["priority"], job["batch"]) == ("QAssembly", 7, "uploads")
    strain = strain_of(user, pair["strain"])
    assert strain.attributes == described
    with transaction("senterica") as session:
        columns = select(Trace.barcode, Trace.read1, Trace.read2)
        trace = session.execute(columns.where(Trace.strain_id == strain.id)).one()
    assert job["tag"] == f"{trace.barcode}#r_1.fastq.gz#r_2.fastq.gz"
    for path, mate in ((trace.read1, 1), (trace.read2, 2)):
        assert Path(path).read_bytes() == packed(mate)
    assert Path(trace.read1).parents[1] == Path(value(
        "SELECT file_location FROM system.user_uploads WHERE id = :id", id=pair["upload"]))  # fmt: skip
    problem = user.client.problem("DELETE", f"{UPLOADS}/{pair['upload']}", 422)
    assert "belongs to the strain" in problem["detail"]


def test_nobody_sees_the_uploads_of_another(user: Uploader, client: Callable[..., Client]) -> None:
    pair = user.announce()
    url = user.create(pair, "r_1.fastq.gz", 9)
    other = Uploader(client(Scope.UPLOADS_SEND, Scope.ADMIN_READ))
    assert other.client.get(UPLOADS) == {"uploads": [], "next": None}
    for method, path in (("GET", pair["url"]), ("DELETE", pair["url"]), ("GET", url)):
        assert other.client.problem(method, path, 404)["type"] == "urn:crobot:UnknownUpload"
    other.send(url, b"x", status=404)
    other.ask("HEAD", url, 404, {})
    other.ask("DELETE", url, 404, {})
    other.create(pair, "r_1.fastq.gz", 9, status=404)
    assert user.file(url)["state"] == "uploading"
    reader = client(Scope.JOBS_READ)
    assert "uploads:send" in reader.problem("GET", UPLOADS, 403)["detail"]


def test_own_uploads_are_listed_by_pages_the_newest_first(user: Uploader) -> None:
    made = [user.announce()["upload"] for _ in range(3)]
    page = user.client.get(f"{UPLOADS}?limit=2")
    assert [one["upload"] for one in page["uploads"]] == made[:0:-1]
    rest = user.client.get(page["next"])
    assert ([one["upload"] for one in rest["uploads"]], rest["next"]) == (made[:1], None)


ANNOUNCED: dict[str, tuple[dict[str, Any], str, str]] = {
    "a path": ({"read1": "../r_1.fastq.gz"}, "read1", "is a path or a hidden file"),
    "a path of Windows": ({"read2": "C:\\reads\\r_2.fastq.gz"}, "read2", "is a path or a hidden file"),
    "a header": ({"read1": "r\r\nX-Evil: 1"}, "read1", "line break"),
    "one that nobody can see": ({"read1": "r\u202e_1.gz"}, "read1", "characters that nobody can see"),
    "one name for both": ({"read2": "r_1.fastq.gz"}, "read2", "have the same name"),
    "no metadata of ours": ({"metadata": {"colour": "red"}}, "metadata.colour", "known are antigenic_formula"),
    "a year to come": ({"metadata": {"year": 2999}}, "metadata.year", "is in the future"),
    "metadata that is a list": ({"metadata": {"host": []}}, "metadata.host", "no text and no number"),
    "a strain without a name": ({"strain": " "}, "strain", "cannot name a strain"),
    "an unknown field": ({"reads": 1}, "reads", "no such field"),
    "no such species": ({"database": "klebsiella"}, "", "no species 'klebsiella'"),
    "an unknown assembler": ({"params": {"assembler": "velvet"}}, "", "velvet"),
}  # fmt: skip


@pytest.mark.parametrize("what", ANNOUNCED)
def test_what_cannot_be_sent_is_refused_before_any_byte(user: Uploader, what: str) -> None:
    given, field, says = ANNOUNCED[what]
    problem = user.announce(422, **given)
    assert says in problem["detail"]
    assert not field or [one["field"] for one in problem["errors"]] == [field]
    assert user.client.get(UPLOADS)["uploads"] == []


def test_a_pair_is_announced_once(user: Uploader) -> None:
    given = {"database": "senterica", "strain": "once", "read1": "a.gz", "read2": "b.gz"}
    first, second = (user.client.post(UPLOADS, given, headers={"Idempotency-Key": "once"}) for _ in range(2))
    assert first == second
    assert len(user.client.get(UPLOADS)["uploads"]) == 1


def test_metadata_of_a_strain_that_is_there_is_not_changed_unseen(user: Uploader) -> None:
    pair = user.announce(metadata={"country": "Ireland"})
    user.upload(pair, 1, packed(1))
    user.upload(pair, 2, packed(2))
    problem = user.announce(422, strain=pair["strain"], metadata={"country": "France"})
    assert "its country is 'Ireland', not 'France': leave it out" in problem["detail"]
    again = user.announce(strain=pair["strain"], metadata={"country": "Ireland"})
    user.upload(again, 1, packed(1, seed=2))
    user.upload(again, 2, packed(2, seed=2))
    assert user.pair(again["upload"])["state"] == "sent"
    assert value("SELECT count(*) FROM senterica.strains WHERE owner = :user", user=user.client.user) == 1


def test_pairs_of_other_lengths_are_refused_and_the_right_file_takes_the_place(user: Uploader) -> None:
    pair = user.announce()
    user.upload(pair, 1, packed(1))
    short = user.create(pair, "r_2.fastq.gz", len(packed(2, 150)))
    problem = user.send(short, packed(2, 150), status=422).get_json()
    assert "r_1.fastq.gz has 200 reads and r_2.fastq.gz 150: a pair has as many in both" in problem["detail"]
    refused = user.pair(pair["upload"])
    assert (refused["state"], refused["reason"]) == ("refused", problem["detail"])
    tend_uploads()
    assert user.pair(pair["upload"])["state"] == "refused"
    user.ask("DELETE", short, 204, {})
    user.upload(pair, 2, packed(2))
    sent = user.pair(pair["upload"])
    assert (sent["state"], sent["reason"]) == ("sent", "")
    assert [(file["mate"], file["state"]) for file in sent["files"]] == [
        ("read1", "checked"), ("read2", "withdrawn"), ("read2", "checked")]  # fmt: skip


def test_files_in_the_wrong_order_are_named_as_the_user_names_them(user: Uploader) -> None:
    pair = user.announce()
    user.upload(pair, 1, packed(2))
    url = user.create(pair, "r_2.fastq.gz", len(packed(1)))
    problem = user.send(url, packed(1), status=422).get_json()
    assert (
        problem["detail"] == "r_1.fastq.gz holds read2 and r_2.fastq.gz read1: give them in the other order"
    )


def test_the_same_file_twice_is_refused(user: Uploader) -> None:
    pair = user.announce()
    user.upload(pair, 1, packed(1))
    url = user.create(pair, "r_2.fastq.gz", len(packed(1)))
    problem = user.send(url, packed(1), status=422).get_json()
    assert "have the same content" not in problem["detail"]
    assert "r_2.fastq.gz and r_1.fastq.gz are the same file: choose read1 and read2" in problem["detail"]
    other = user.announce()
    url = user.create(other, "r_1.fastq.gz", len(packed(1)))
    problem = user.send(url, packed(1), status=422).get_json()
    says = "r_1.fastq.gz has the same content as r_1.fastq.gz, which you have uploaded for the strain"
    assert f"{says} {pair['strain']!r}" in problem["detail"]
    # whoever says the checksum before is told before
    headers = {"sha256": sha256(packed(1))}
    assert user.create(other, "r_1.fastq.gz", len(packed(1)), 422, **headers) == ""


def test_a_file_that_nobody_has_seen_whole_is_read_by_a_head(user: Uploader) -> None:
    pair = user.announce()
    user.upload(pair, 1, packed(1))
    broken = fastq(2).replace(b"@run1.150/2", b"run1.150/2")
    for data, state, says in (
        (broken, "refused", "r_2.fastq.gz, line 597: the line does not begin with @"),
        (fastq(2), "checked", ""),
    ):
        whole = gzip.compress(data, 1, mtime=0)
        url = user.create(pair, "r_2.fastq.gz", len(whole))
        user.send(url, whole[:1000])
        # another process goes on, or this one after a restart
        checkers._kept.clear()
        user.send(url, whole[1000:], 1000)
        if user.file(url)["state"] == "uploaded":
            tend_uploads()
        wait_for("the verdict", lambda url=url: user.file(url)["state"] not in ("uploaded",))
        file = user.file(url)
        assert (file["state"], says in file["reason"]) == (state, True)
    wait_for("the pair to be sent", lambda: user.pair(pair["upload"])["state"] == "sent")
