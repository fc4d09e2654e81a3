"""The database is lost at each step of the end of an upload: what is not stored is done again, and sent once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crobot_tasks.intake.uploads.tending import tend_uploads
from db.engine import configure, engine
from tests.integration.crobot_tasks.web.api.uploads.conftest import Uploader, packed
from tests.processes import value, wait_for
from tests.proxy import Proxy

#: words of the statement whose transaction is lost → what the request is answered
STEPS = {
    "UPDATE system.upload_files SET writer = ": 503,
    "SET received = ": 503,
    "UPDATE system.upload_files SET sha256 = ": 204,
    "SET status = 'sent'": 204,
}


@pytest.fixture
def proxy(user: Uploader) -> Iterator[Proxy]:
    lossy = Proxy(engine().url.render_as_string(hide_password=False))
    former = configure(lambda: lossy.url)
    assert former is not None
    yield lossy
    configure(former)
    lossy.close()


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("words", STEPS)
def test_a_commit_that_is_lost_is_made_good(user: Uploader, proxy: Proxy, words: str, stored: bool) -> None:
    pair = user.announce()
    user.upload(pair, 1, packed(1))
    data = packed(2)
    url = user.create(pair, "r_2.fastq.gz", len(data))
    proxy.cut_commits(words, stored=stored)
    answer = user.send(url, data, status=STEPS[words])
    assert proxy.commits_to_cut == 0
    if answer.status_code == 503:
        assert answer.headers["Retry-After"]
        offset = user.offset(url)
        assert offset in (0, len(data))
        if offset < len(data):  # else it is whole, and a head may be judging it
            user.send(url, data[offset:], offset)

    def is_sent() -> bool:
        tend_uploads()
        return bool(user.pair(pair["upload"])["state"] == "sent")

    wait_for("the pair to be sent", is_sent)
    jobs = "SELECT count(*) FROM crobot.jobs WHERE user_id = :user"
    assert value(jobs, user=user.client.user) == 1
