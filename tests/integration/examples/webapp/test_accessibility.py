"""The pages of the example app by axe."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from crobot_tasks.intake.genomes import Genome
from tests.accessibility import grave_faults
from tests.integration.examples.webapp.conftest import User


def test_no_page_has_a_grave_fault(sign_in: Callable[..., User], typed: list[Genome]) -> None:
    page = sign_in().page
    genome, found = f"/genomes/senterica/{typed[0].barcode}", []
    for path in (
        "/",
        "/upload",
        "/genomes/senterica",
        genome,
        "/trees",
        f"/jobs/{typed[0].job_id}",
        "/sign-in",
    ):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        # scripts fill it; streams of events never end, so the network is never idle
        page.wait_for_timeout(300)
        found += grave_faults(page)
    assert not found, "\n".join(found)
