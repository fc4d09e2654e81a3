"""A sequence that is searched in several genomes from the app: one analysis, with a table and a picture."""

from __future__ import annotations

import csv
from collections.abc import Callable

from playwright.sync_api import expect

from crobot_tasks.intake.genomes import Genome
from tests.integration.examples.webapp.conftest import User
from tests.integration.examples.webapp.test_trees import LONG_MS, choose, is_drawn
from workers.contigs import read_assembly

SignIn = Callable[..., User]


def test_a_sequence_is_searched_in_chosen_genomes_with_one_table_and_picture(
    sign_in: SignIn, typed: list[Genome]
) -> None:
    sequence = max(read_assembly(typed[0].path).values(), key=len)[2000:2600]
    page = sign_in(color_scheme="dark").page
    choose(page, "of the web app", 2)
    page.get_by_role("button", name="Search a sequence").click()
    expect(page.get_by_text("One table of 2 genomes")).to_be_visible()
    page.get_by_label("Sequence (FASTA, or bases alone)").fill(
        f">mine\n{sequence}\n>strange\n{'ACGGT' * 30}\n"
    )
    page.get_by_label("Name").fill("who has it")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("/analyses/*")
    picture = page.get_by_role("img", name="Which of 2 genomes have each of 2 sequences.")
    expect(picture).to_be_visible(timeout=LONG_MS)
    assert is_drawn(picture)
    lines = page.get_by_role("region", name="Genomes").get_by_role("row")
    assert lines.count() == 3
    expect(lines.nth(1)).to_contain_text("identical")
    expect(lines.nth(1)).to_contain_text("absent")
    with page.expect_download() as download:
        page.get_by_role("link", name="Table (TSV)").click()
    saved = list(csv.DictReader(download.value.path().read_text().splitlines(), delimiter="\t"))
    assert [(row["mine"], row["strange"]) for row in saved] == [("identical", "absent")] * 2
    assert {row["barcode"] for row in saved} == {one.barcode for one in typed}
    listed = page.context.new_page()
    listed.goto("/trees")
    expect(listed.get_by_role("row").filter(has_text="who has it")).to_contain_text("Search in many genomes")
