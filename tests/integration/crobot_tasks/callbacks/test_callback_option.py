"""`crobot send … --callback`, and that somebody who looks sees when nobody posts outcomes."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from crobot_tasks.intake.genomes import add_assembly
from demo.data import DemoData
from tests.command import crobot, document
from tests.posted_outcomes import Serve, of, over, send
from tests.processes import Cluster, query, wait_for


def test_the_outcome_of_what_is_sent_in_a_terminal_is_posted(
    serve: Serve, senterica: str, demo_data: DemoData, tmp_path: Path
) -> None:
    genome = add_assembly(senterica, "of call-backs", demo_data.sequenced, send=False)
    gene = tmp_path / "gene.fasta"
    gene.write_text(f">gene\n{''.join(demo_data.alleles[0].read_text().split('>')[1].splitlines()[1:])}\n")
    app = serve()
    to = ("--callback", app.url)
    probe = document("send", "probe", *to)["job"]
    typing = document("send", "scheme", senterica, "MLST_Achtman", genome.barcode, *to)["job"]
    search = document("send", "locus-search", senterica, genome.barcode, gene, *to)["analysis"]
    posted = [row.body for row in over(app, 3)]
    assert sorted((one["type"], one["data"]["id"]) for one in posted) == sorted(
        [("job.complete", probe), ("job.complete", typing), ("analysis.complete", search)]
    )
    assert json.loads(app.requests[0].body) in posted


def test_an_address_that_is_not_allowed_lets_nothing_be_sent(
    serve: Serve, reads: list[str], strain: str
) -> None:
    before = query("SELECT max(id) AS last FROM crobot.jobs")
    wrong = ("--callback", "http://10.9.8.7/")
    for command in (("probe",), ("reads", "senterica", "--strain", strain, *reads)):
        said = document("send", *command, *wrong, code=1)["error"]["message"]
        assert "10.9.8.7" in said
        assert "policy" in said
    assert query("SELECT max(id) AS last FROM crobot.jobs") == before


@pytest.fixture
def nobody_posts(cluster: Cluster) -> Iterator[None]:
    """The worker that posts is frozen."""
    cluster.callbacks.kill(signal.SIGSTOP)
    yield
    cluster.callbacks.kill(signal.SIGCONT)


def test_the_status_warns_if_nobody_posts_what_is_due(policy: None, serve: Serve, nobody_posts: None) -> None:
    assert document("status")["unposted"] is None
    app = serve()
    send(app.url)
    wait_for("the outcome", lambda: of(app))
    assert document("status")["unposted"] is None
    query(
        "UPDATE crobot.deliveries SET due_at = now() - interval '5 min' WHERE state = 'waiting' RETURNING id"
    )
    assert document("status")["unposted"]["outcomes"] == 1
    said = crobot("status").stderr
    assert (
        "outcomes are due, and nobody posts them (1, the first since 5 min ago): start `crobot callbacks`"
        in said
    )
