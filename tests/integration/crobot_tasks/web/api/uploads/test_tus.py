"""The server of tus 1.0 by its words: what is right goes on, and what is wrong is refused and changes nothing."""

from __future__ import annotations

import base64
import gzip
import hashlib
import threading
from pathlib import Path
from typing import Any

import pytest

import celeryconfig
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.intake.uploads.tending import tend_uploads
from crobot_tasks.web.api.uploads import streams
from db.engine import transaction
from db.system import uploads
from tests.integration.crobot_tasks.web.api.conftest import ROOT
from tests.integration.crobot_tasks.web.api.uploads.conftest import (
    BYTES,
    Uploader,
    fastq,
    metadata,
    packed,
    sha256,
)
from tests.processes import query, value
from workers.storage import upload_dir

NAME = "r_1.fastq.gz"


def folder(pair: Any) -> Path:
    return upload_dir(storage_root(), pair["upload"])


def test_it_says_what_it_can_do(user: Uploader) -> None:
    url = user.announce()["files_url"]
    offers = user.client.http.open(url, method="OPTIONS")
    assert (offers.status_code, offers.headers["Tus-Version"]) == (204, "1.0.0")
    assert offers.headers["Tus-Extension"] == "creation,creation-with-upload,checksum,expiration,termination"
    assert offers.headers["Tus-Checksum-Algorithm"] == "sha256,sha1,md5"
    assert offers.headers["Tus-Max-Size"] == str(celeryconfig.crobot_upload_bytes)


def test_a_file_comes_in_pieces_with_its_creation_and_by_post(user: Uploader) -> None:
    data = packed(1)
    pair = user.announce()
    said = {"Upload-Length": str(len(data)), "Upload-Metadata": metadata(name=NAME, sha256=sha256(data))}
    made = user.ask("POST", pair["files_url"], 201, said | BYTES, data[:100])
    url = made.headers["Location"]
    assert (made.headers["Upload-Offset"], made.headers["Tus-Resumable"]) == ("100", "1.0.0")
    assert made.headers["Upload-Expires"].endswith("GMT")
    head = user.ask("HEAD", url, 200, {})
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == ("100", str(len(data)))
    assert head.headers["Upload-Metadata"] == metadata(filename=NAME, sha256=sha256(data))
    assert head.headers["Cache-Control"] == "no-store"
    assert user.send(url, data[100:300], 100).headers["Upload-Offset"] == "300"
    # a creation whose answer was lost is the same one
    again = user.ask("POST", pair["files_url"], 201, said)
    assert (again.headers["Location"], again.headers["Upload-Offset"]) == (url, "300")
    override = {"Upload-Offset": "300", "X-HTTP-Method-Override": "PATCH"}
    assert user.ask("POST", url, 204, BYTES | override, data[300:]).headers["Upload-Offset"] == str(len(data))
    assert user.file(url)["state"] == "checked"
    # the last answer was lost: nothing to send, and nothing changes
    assert user.send(url, b"", len(data)).headers["Upload-Offset"] == str(len(data))


BROKEN: dict[str, tuple[bytes, str]] = {
    "not gzip": (fastq(1), "r_1.fastq.gz is no gzip file: it begins with '@run1.1/1'. Pack FASTQ with gzip"),
    "a truncated gzip": (packed(1)[:-20], "r_1.fastq.gz is truncated: its gzip data end in the middle"),
    "FASTQ broken at a line": (
        gzip.compress(fastq(1) + b"@a\nACGT\n+\nIII\n" + fastq(1, seed=3)),
        "r_1.fastq.gz, line 804: the line has 3 qualities for 4 bases",
    ),
    "FASTA": (gzip.compress(b">contig\nACGTACGT\nACGT\n\n" * 9), "r_1.fastq.gz, line 1: the line does not begin"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_wrong_with_a_file_is_answered_by_the_request_that_brings_it(
    user: Uploader, what: str
) -> None:
    data, says = BROKEN[what]
    pair = user.announce()
    url = user.create(pair, NAME, len(data))
    problem = user.send(url, data, status=422).get_json()
    assert problem["type"] == "urn:crobot:BadReads"
    assert says in problem["detail"]
    assert (user.file(url)["state"], user.file(url)["reason"]) == ("refused", problem["detail"])
    assert says in user.send(url, data, status=422).get_json()["detail"]
    tend_uploads()
    assert list(folder(pair).iterdir()) == []
    # the right one takes its place
    user.upload(pair, 1, packed(1))


def test_a_file_with_another_sha256_than_was_said_is_refused(user: Uploader) -> None:
    pair = user.announce()
    url = user.create(pair, NAME, len(packed(1)), sha256=sha256(packed(2)))
    detail = user.send(url, packed(1), status=422).get_json()["detail"]
    assert f"with the sha256 {sha256(packed(1))}, and was said to have {sha256(packed(2))}" in detail
    assert user.file(url)["state"] == "refused"


def test_a_sha256_may_be_told_at_the_end(user: Uploader) -> None:
    pair = user.announce()
    url = user.upload(pair, 1, packed(1), sha256="later")
    tend_uploads()
    file = user.file(url)
    assert (file["state"], file["sha256_wanted"], file["sha256"]) == ("uploaded", True, sha256(packed(1)))
    put = f"{url}/sha256"
    assert user.client.problem("PUT", put, 422, json={"sha256": "abc"})["errors"][0]["field"] == "sha256"
    answer = user.client.call("PUT", put, 200, json={"sha256": sha256(packed(1))}).get_json()
    assert (answer["state"], answer["sha256_wanted"]) == ("checked", False)
    user.client.call("PUT", put, 200, json={"sha256": sha256(packed(1))})
    assert "its sha256 is known" in user.client.problem("PUT", put, 422, json={"sha256": "0" * 64})["detail"]
    other = user.upload(pair, 2, packed(2), sha256="later")
    detail = user.client.problem("PUT", f"{other}/sha256", 422, json={"sha256": "0" * 64})["detail"]
    assert "was said to have 000" in detail
    assert user.file(other)["state"] == "refused"


def test_with_a_checksum_all_bytes_of_a_request_count_or_none(user: Uploader) -> None:
    data = packed(1)
    url = user.create(user.announce(), NAME, len(data))
    for kind, made in (("sha256", hashlib.sha256), ("sha1", hashlib.sha1), ("md5", hashlib.md5)):
        offset = user.offset(url)
        part = data[offset : offset + 500]
        said = {"Upload-Checksum": f"{kind} {base64.b64encode(made(part).digest()).decode()}"}
        damaged = bytes([part[0] ^ 255]) + part[1:]
        problem = user.send(url, damaged, offset, 460, **said).get_json()
        assert (problem["title"], problem["type"]) == ("Checksum Mismatch", "urn:crobot:ChecksumDiffers")
        assert user.offset(url) == offset
        user.send(url, part, offset, **said)
    user.send(url, data[1500:], 1500)
    assert user.file(url)["state"] == "checked"
    wrong = {"Upload-Checksum": "crc32 AAAA"}
    assert "send one of sha256" in user.send(url, b"", len(data), 400, **wrong).get_json()["detail"]


def test_what_is_not_tus_is_refused_and_changes_nothing(user: Uploader) -> None:
    pair = user.announce()
    url = user.create(pair, NAME, 50)
    user.send(url, packed(1)[:20])
    old = user.client.call("HEAD", url, 412, headers={"Tus-Resumable": "0.2.2"})
    assert old.headers["Tus-Version"] == "1.0.0"
    user.client.call("PATCH", url, 412, headers=BYTES | {"Upload-Offset": "20"})
    user.ask("PATCH", url, 415, {"Upload-Offset": "20", "Content-Type": "text/plain"}, b"x")
    for offset in ("-1", "two", "1" * 30, ""):
        user.ask("PATCH", url, 400, BYTES | {"Upload-Offset": offset}, b"x")
    answer = user.send(url, packed(1)[10:], 10, 409)
    assert (answer.headers["Upload-Offset"], answer.get_json()["type"]) == ("20", "urn:crobot:UploadOffset")
    user.send(url, packed(1), 30, 409)
    many = user.send(url, packed(1)[20:51], 20, 413).get_json()
    assert "was said to have 50 bytes, and here are 51" in many["detail"]
    assert user.offset(url) == 20


CREATED: dict[str, tuple[int, dict[str, str], str]] = {
    "zero bytes": (422, {"Upload-Length": "0"}, "is empty: choose a file with reads"),
    "1 TB": (413, {"Upload-Length": str(10**12)}, "has 1,000,000,000,000 bytes, and a file may have 50,000,000,000"),
    "no length": (400, {"Upload-Length": ""}, "Upload-Length: send a whole number"),
    "a length to come": (400, {"Upload-Defer-Length": "1"}, "send Upload-Length instead"),
    "no name": (400, {"Upload-Metadata": "filetype YQ=="}, "send the name of the file"),
    "no base64": (400, {"Upload-Metadata": "filename r_1.fastq.gz"}, "as base64"),
    "a key twice": (400, {"Upload-Metadata": "a YQ==,a YQ=="}, "twice"),
    "another name": (422, {"Upload-Metadata": metadata(filename="x.gz")}, "its files are r_1.fastq.gz and"),
    "a path": (422, {"Upload-Metadata": metadata(filename="/etc/passwd")}, "is a path"),
    "a header": (422, {"Upload-Metadata": metadata(filename="a\r\nX-Evil: 1")}, "line break"),
    "no sha256": (422, {"Upload-Metadata": metadata(filename=NAME, sha256="abc")}, "is no sha256"),
}  # fmt: skip


@pytest.mark.parametrize("what", CREATED)
def test_files_that_cannot_be_are_refused_before_any_byte(user: Uploader, what: str) -> None:
    status, headers, says = CREATED[what]
    pair = user.announce()
    right = {"Upload-Length": "50", "Upload-Metadata": metadata(filename=NAME)}
    answer = user.ask("POST", pair["files_url"], status, right | headers)
    assert says in answer.get_json()["detail"]
    assert "X-Evil" not in answer.headers
    assert user.pair(pair["upload"])["files"] == []


def test_a_user_has_a_quota(user: Uploader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(celeryconfig, "crobot_upload_quota_bytes", 100)
    pair = user.announce()
    url = user.create(pair, NAME, 60)
    headers = {"Upload-Length": "41", "Upload-Metadata": metadata(filename="r_2.fastq.gz")}
    detail = user.ask("POST", pair["files_url"], 413, headers).get_json()["detail"]
    assert "r_2.fastq.gz has 41 bytes, and your unsent files 60 of 100: finish or withdraw some" in detail
    user.ask("DELETE", url, 204, {})
    user.create(pair, "r_2.fastq.gz", 41)


def test_a_withdrawn_file_is_gone_with_its_bytes_and_may_come_anew(user: Uploader) -> None:
    pair = user.announce()
    url = user.create(pair, NAME, 50)
    user.send(url, packed(1)[:20])
    assert user.create(pair, NAME, 51, status=422) == ""
    user.ask("DELETE", url, 204, {})
    for method in ("HEAD", "DELETE"):
        user.ask(method, url, 410, {})
    assert "was withdrawn: begin it anew" in user.send(url, b"x", 20, 410).get_json()["detail"]
    tend_uploads()
    assert list(folder(pair).iterdir()) == []
    assert user.create(pair, NAME, 51) != url
    withdrawn = user.client.call("DELETE", pair["url"], 200).get_json()
    assert (withdrawn["state"], [file["state"] for file in withdrawn["files"]]) == (
        "withdrawn",
        ["withdrawn"] * 2,
    )
    user.create(pair, NAME, 50, status=410)


def test_what_nobody_goes_on_with_expires_and_is_removed(user: Uploader) -> None:
    pair = user.announce()
    url = user.create(pair, NAME, 50)
    user.send(url, packed(1)[:20])
    past = "UPDATE system.user_uploads SET expires_at = now() - interval '1 s' WHERE id = :id RETURNING id"
    # somebody who is writing keeps it
    query(past, id=pair["upload"])
    tend_uploads()
    assert user.file(url)["state"] == "uploading"
    query("UPDATE system.upload_files SET writer_at = now() - interval '1 day' WHERE upload_id = :id RETURNING id",
          id=pair["upload"])  # fmt: skip
    tend_uploads()
    assert "has expired: nobody went on with it" in user.send(url, b"x", 20, 410).get_json()["detail"]
    user.ask("HEAD", url, 410, {})
    assert user.pair(pair["upload"])["state"] == "expired"
    tend_uploads()
    assert list(folder(pair).iterdir()) == []
    month = (
        "UPDATE system.user_uploads SET expires_at = now() - interval '31 days' WHERE id = :id RETURNING id"
    )
    query(month, id=pair["upload"])
    with transaction() as session:
        assert uploads.forget(session, 30).number >= 1
    assert value("SELECT count(*) FROM system.upload_files WHERE upload_id = :id", id=pair["upload"]) == 0
    user.client.problem("GET", f"{ROOT}/uploads/{pair['upload']}", 404)


def test_bytes_that_the_storage_has_lost_are_asked_for_again(user: Uploader) -> None:
    pair = user.announce()
    url = user.create(pair, NAME, len(packed(1)))
    user.send(url, packed(1)[:2000])
    (path,) = (path for path in folder(pair).rglob("*") if path.is_file())
    path.write_bytes(packed(1)[:700])
    answer = user.send(url, packed(1)[2000:], 2000, 409)
    assert (answer.headers["Upload-Offset"], user.offset(url)) == ("700", 700)
    user.send(url, packed(1)[700:], 700)
    tend_uploads()
    assert user.file(url)["state"] == "checked"


def test_more_uploads_at_once_than_a_process_takes_are_asked_to_come_again(
    user: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = user.create(user.announce(), NAME, len(packed(1)))
    one = threading.BoundedSemaphore(1)
    monkeypatch.setattr(streams, "_at_once", one)
    with one:
        answer = user.send(url, packed(1), status=503)
        assert (answer.headers["Retry-After"], "go on in a few seconds" in answer.text) == ("5", True)
        # all else is answered
        assert user.offset(url) == 0
    user.send(url, packed(1))
    assert user.file(url)["state"] == "checked"
