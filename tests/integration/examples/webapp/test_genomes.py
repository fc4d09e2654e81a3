"""Genomes in the browser: the table, an assembly's page, what is begun with them, and what a token may not see."""

from __future__ import annotations

import csv
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from crobot_tasks.intake.genomes import Genome
from crobot_tasks.operate.tokens import Scope
from demo.data import TRUE_ALLELES, TRUE_ST, DemoData
from tests.integration.examples.webapp.conftest import HOSTILE, User

SignIn = Callable[..., User]
#: both have it in their name
OURS = "of the web app"


@pytest.fixture
def table(sign_in: SignIn, typed: list[Genome]) -> Page:
    """The table of genomes, with those of these tests."""
    page = sign_in().page
    page.goto("/genomes/senterica")
    search(page, OURS)
    return page


def search(page: Page, strain: str) -> None:
    page.get_by_label("Strain", exact=True).fill(strain)
    page.get_by_label("Strain", exact=True).press("Enter")
    expect(page.get_by_text("genomes on page 1")).to_be_visible()


def row(page: Page, barcode: str) -> dict[str, str]:
    """A line of the table: heading → text."""
    cells = page.get_by_role("row").filter(has_text=barcode).get_by_role("cell")
    return {cell.get_attribute("data-label") or "": cell.inner_text() for cell in cells.all()}


def test_the_table_has_the_sequence_type_and_why_the_qa_failed(table: Page, typed: list[Genome]) -> None:
    expect(table.get_by_role("row")).to_have_count(3)
    first, second = (row(table, one.barcode) for one in typed)
    assert (first["Strain"], first["ST, MLST_Achtman"]) == ("Agona of the web app", str(TRUE_ST))
    assert first["QA"].startswith("failed bases ")
    # as text: nothing of it became an element
    assert second["Strain"] == HOSTILE
    assert table.locator("td img, td b").count() == 0


def test_what_was_found_is_saved_as_a_table(table: Page, typed: list[Genome]) -> None:
    with table.expect_download() as download:
        table.get_by_role("link", name="CSV").click()
    with download.value.path().open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [one["barcode"] for one in lines] == [one.barcode for one in typed]
    assert {one["MLST_Achtman.ST"] for one in lines} == {str(TRUE_ST)}


def test_columns_and_chosen_genomes_are_kept_while_pages_are_turned(
    sign_in: SignIn, typed: list[Genome]
) -> None:
    page = sign_in().page
    page.goto(f"/genomes/senterica?limit=1&strain={OURS}")
    page.get_by_text("Columns").click()
    page.get_by_label("thrA, MLST_Achtman").check()
    page.get_by_label(f"Choose {HOSTILE}").check()
    page.get_by_role("button", name="Older").click()
    page.get_by_label("Choose Agona of the web app").check()
    assert row(page, typed[0].barcode)["thrA, MLST_Achtman"] == str(TRUE_ALLELES["thrA"])
    expect(page.get_by_text("2 chosen")).to_be_visible()
    page.get_by_role("button", name="Newer").click()
    expect(page.get_by_label(f"Choose {HOSTILE}")).to_be_checked()
    page.reload()
    expect(page.get_by_text("2 chosen")).to_be_visible()


def test_a_condition_that_cannot_be_is_answered_in_the_words_of_the_api(
    sign_in: SignIn, typed: list[Genome]
) -> None:
    user = sign_in()
    user.page.goto("/genomes/senterica")
    user.page.get_by_label("Condition").fill("contig>5")
    user.page.get_by_role("button", name="Search", exact=True).click()
    expect(user.page.get_by_role("alert")).to_contain_text("did you mean contigs?")


def test_the_table_is_used_by_the_keyboard_alone(table: Page) -> None:
    table.get_by_label("Strain", exact=True).focus()
    for _ in range(30):
        table.keyboard.press("Tab")
        if table.evaluate("document.activeElement.ariaLabel") == "Choose Agona of the web app":
            break
    table.keyboard.press("Space")
    expect(table.get_by_text("1 chosen")).to_be_visible()
    table.keyboard.press("Tab")
    table.keyboard.press("Enter")
    table.wait_for_url("/genomes/senterica/SAL_*")


def test_an_assembly_is_shown_with_its_qa_alleles_loci_and_files(
    sign_in: SignIn, typed: list[Genome], demo_data: DemoData
) -> None:
    page = sign_in().page
    page.goto(f"/genomes/senterica/{typed[0].barcode}")
    expect(page.get_by_text("Outside of its limit: bases.")).to_be_visible()
    expect(page.get_by_text(f"ST {TRUE_ST}")).to_be_visible()
    lines = page.get_by_role("region", name="Alleles of MLST_Achtman").get_by_role("row").all_inner_texts()
    loci, alleles = (line.split("\t") for line in lines)
    assert dict(zip(loci, map(int, alleles), strict=True)) == TRUE_ALLELES
    assert loci == list(TRUE_ALLELES)
    page.get_by_label("Locus").fill("thrA")
    page.get_by_role("button", name="Look up").click()
    place = page.get_by_role("region", name="Places of loci").get_by_role("cell")
    expect(place.nth(0)).to_have_text("thrA")
    expect(place.nth(1)).to_have_text(str(TRUE_ALLELES["thrA"]))
    with page.expect_download() as download:
        page.get_by_role("link", name="Assembly (FASTA)").click()
    assert download.value.path().read_bytes() == typed[0].path.read_bytes()
    with page.expect_download() as download:
        page.get_by_role("link", name="(GFF)").click()
    assert "locus=thrA" in download.value.path().read_text(encoding="utf-8")


def test_a_sequence_that_is_pasted_is_found_with_its_allele(
    sign_in: SignIn, typed: list[Genome], demo_data: DemoData
) -> None:
    page = sign_in().page
    page.goto(f"/genomes/senterica/{typed[0].barcode}")
    page.get_by_role("button", name="Search a sequence").click()
    page.get_by_label("Sequence (FASTA").fill(allele(demo_data, "thrA"))
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("/analyses/*")
    hits = page.get_by_role("region", name="Hits").get_by_role("row").nth(1)
    expect(hits).to_contain_text(f"thrA {TRUE_ALLELES['thrA']}")
    expect(hits).to_contain_text("100.0 %")


def allele(data: DemoData, locus: str) -> str:
    """The sequence of the genome's allele, in FASTA."""
    path = next(path for path in data.alleles if path.stem == locus)
    named = f"{locus}_{TRUE_ALLELES[locus]}\n"
    (record,) = (one for one in path.read_text().split(">") if one.startswith(named))
    return f">{record}"


def test_a_scheme_is_called_on_chosen_genomes(table: Page, typed: list[Genome]) -> None:
    table.get_by_role("button", name="Choose all on this page").click()
    table.get_by_role("button", name="Call a scheme").click()
    table.get_by_label("Scheme", exact=True).select_option("MLST_Achtman")
    table.get_by_role("button", name="Begin").click()
    sent = table.get_by_role("link", name="which had the result already")
    expect(sent).to_have_count(2)
    expect(sent.first).to_contain_text("MLST_Achtman on")


def test_what_a_token_may_not_do_is_said_in_plain_words(sign_in: SignIn, typed: list[Genome]) -> None:
    page = sign_in(Scope.JOBS_READ).page
    page.goto("/genomes")
    expect(page.get_by_role("alert")).to_contain_text(
        "Your token does not let you see genomes. Ask your operator"
    )
    reader = sign_in(Scope.SPECIES_READ).page
    reader.goto(f"/genomes/senterica/{typed[0].barcode}")
    says = "crobot token create --scope jobs:send"
    expect(reader.get_by_role("alert").filter(has_text=says)).to_be_visible()
    expect(reader.get_by_text(f"ST {TRUE_ST}")).to_be_visible()


def test_pages_fit_a_telephone(sign_in: SignIn, typed: list[Genome]) -> None:
    page = sign_in(width=400, color_scheme="dark").page
    for path in ("/genomes/senterica", f"/genomes/senterica/{typed[1].barcode}", "/trees"):
        page.goto(path)
        expect(page.get_by_role("heading", level=2).first).to_be_visible()
        for button in ("Search a sequence", "SNP project"):
            if page.get_by_role("button", name=button).count():
                page.get_by_role("button", name=button).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, path
