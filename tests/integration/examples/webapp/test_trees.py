"""Trees and SNP projects in the browser: begun with chosen genomes, followed, shown with their pictures, resumed."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO

import pytest
from playwright.sync_api import Locator, Page, expect

from crobot_tasks.intake.genomes import Genome, add_assembly
from crobot_tasks.lifecycle.cancel import cancel_each
from tests.integration.examples.webapp.conftest import User
from tests.processes import PATIENCE_S, Cluster, query, value, wait_for
from tests.truth.agona import OUTLIER, published, write_fasta
from workers import environments

SignIn = Callable[..., User]
#: as small as differs enough
WINDOW = (500_000, 530_000)
ISOLATES = ("reference", OUTLIER, "ERR178926", "SRR1566386")
#: a job waits for its turn, and for a node
LONG_MS = 1000 * PATIENCE_S


@pytest.fixture(scope="module")
def isolates(
    cluster: Cluster,
    senterica: str,
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    """Name → bases of a window of real isolates, which are assemblies now."""
    windows = published(pytestconfig.cache.mkdir("demo-data")).window(*WINDOW)
    folder, barcodes = tmp_path_factory.mktemp("isolates"), []
    for name in ISOLATES:
        fasta = write_fasta(folder / f"{name}.fasta", name, windows[name])
        barcodes.append(add_assembly(senterica, f"of trees {name}", fasta, send=False).barcode)
    # as if they were long enough
    query(
        "UPDATE senterica.assemblies SET status = 'Assembled' WHERE barcode = ANY(:codes) RETURNING id",
        codes=barcodes,
    )
    return {name: windows[name] for name in ISOLATES}


def choose(page: Page, strain: str, count: int) -> None:
    """Choose the genomes with this in their names."""
    page.goto(f"/genomes/senterica?strain={strain}")
    page.get_by_role("button", name="Choose all on this page").click()
    expect(page.get_by_text(f"{count} chosen")).to_be_visible()


def begin_tree(page: Page, name: str) -> int:
    """Begin an MS tree of the two typed genomes; its number."""
    choose(page, "of the web app", 2)
    page.get_by_role("button", name="MS tree").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Scheme", exact=True).select_option("MLST_Achtman")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("/analyses/*")
    return int(page.url.rpartition("/")[2])


def is_drawn(picture: Locator) -> bool:
    """Whether the browser could draw it."""
    return bool(picture.evaluate("image => image.decode().then(() => image.naturalWidth > 0, () => false)"))


def test_a_tree_is_begun_with_chosen_genomes_listed_and_cancelled(
    sign_in: SignIn, typed: list[Genome]
) -> None:
    # so that it is not over before it is cancelled
    page = sign_in().page
    with only_waiting():
        number = begin_tree(page, "my tree")
        stored = "SELECT data ->> 'scheme' FROM system.user_preferences WHERE id = :id"
        assert value(stored, id=number) == "MLST_Achtman"
        expect(page.get_by_role("status")).to_contain_text("MS tree my tree")
        listed = page.context.new_page()
        listed.goto("/trees")
        line = listed.get_by_role("row").filter(has_text="my tree")
        expect(line).to_contain_text("queued")
        page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status")).to_contain_text("failed")
    expect(page.get_by_text("cancelled", exact=True)).to_be_visible()
    # the list follows by itself
    expect(line).to_contain_text("failed")


def test_a_tree_without_chosen_genomes_is_of_all_that_are_in_use(
    sign_in: SignIn, typed: list[Genome]
) -> None:
    page = sign_in().page
    page.goto("/trees")
    page.get_by_role("button", name="SNP project").click()
    expect(page.get_by_role("button", name="Begin")).to_be_disabled()
    page.get_by_role("button", name="MS tree").click()
    expect(page.get_by_text("of all assemblies in use: none is chosen")).to_be_visible()
    # the page asks for the species if other tests have left some
    if page.get_by_label("Species", exact=True).count():
        page.get_by_label("Species", exact=True).select_option("senterica")
        page.get_by_role("button", name="MS tree").click()
    page.get_by_label("Scheme", exact=True).select_option("MLST_Achtman")
    with page.expect_request("**/analyses/ms-tree") as asked:
        page.get_by_role("button", name="Begin").click()
    body = asked.value.post_data_json
    assert (body["scheme"], "barcodes" in body) == ("MLST_Achtman", False)


@contextmanager
def only_waiting() -> Iterator[None]:
    """No job is placed on a node meanwhile."""
    query("UPDATE crobot.nodes SET drained_at = now(), drain_reason = 'a test' RETURNING name")
    try:
        yield
    finally:
        query("UPDATE crobot.nodes SET drained_at = NULL, drain_reason = '' RETURNING name")


@pytest.mark.full
@pytest.mark.timeout(900)
def test_a_tree_is_made_and_its_picture_is_shown(
    sign_in: SignIn, typed: list[Genome], cluster: Cluster
) -> None:
    environments.install("grapetree")
    # nodes look for tools when they start
    node = cluster.start_node("trees")
    page = sign_in(color_scheme="dark").page
    begin_tree(page, "a tree")
    picture = page.get_by_role("img", name="MSTreeV2 tree “a tree” of 2 genomes by MLST_Achtman")
    expect(picture).to_be_visible(timeout=LONG_MS)
    assert is_drawn(picture)
    with page.expect_download() as download:
        page.get_by_role("link", name="Tree (Newick)").click()
    assert typed[0].barcode in download.value.path().read_text(encoding="utf-8")
    node.stop()


def test_an_snp_project_is_begun_followed_and_shown(sign_in: SignIn, isolates: dict[str, str]) -> None:
    page = sign_in().page
    choose(page, "of trees", 4)
    page.get_by_role("button", name="SNP project").click()
    page.get_by_label("Name").fill("outbreak")
    choose_reference(page, "of trees reference")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("/projects/*")
    expect(page.get_by_role("row").filter(has_text="Repeats of the reference")).to_be_visible()
    tree = page.get_by_role("img", name="Tree of the SNP project “outbreak”: 4 genomes")
    expect(tree).to_be_visible(timeout=LONG_MS)
    assert is_drawn(tree)
    assert is_drawn(page.get_by_role("img", name="How many SNPs lie between any two of 4 genomes"))
    assert matrix(page) == distances(isolates)
    with page.expect_download() as download:
        page.get_by_role("link", name="Distances (TSV)").click()
    saved = list(csv.reader(StringIO(download.value.path().read_text()), delimiter="\t"))
    assert len(saved) == 1 + len(ISOLATES)


def choose_reference(page: Page, strain: str) -> None:
    field = page.get_by_label("Reference", exact=True)
    field.select_option(field.get_by_role("option").filter(has_text=strain).get_attribute("value"))


def matrix(page: Page) -> dict[tuple[str, str], int]:
    """The table of the page."""
    box = page.get_by_role("region", name="SNPs between genomes")
    (_, *names), *rows = (line.split("\t") for line in box.get_by_role("row").all_inner_texts())
    return {
        (row[0].removeprefix("of_trees_"), name.removeprefix("of_trees_")): int(count)
        for row in rows
        for name, count in zip(names, row[1:], strict=True)
    }


def distances(isolates: dict[str, str]) -> dict[tuple[str, str], int]:
    """How many bases differ between any two."""
    return {
        (one, other): sum(a != b for a, b in zip(isolates[one], isolates[other], strict=True))
        for one in isolates
        for other in isolates
    }


def test_a_project_that_failed_goes_on_from_its_page(sign_in: SignIn, isolates: dict[str, str]) -> None:
    page = sign_in().page
    choose(page, "of trees", 4)
    with only_waiting():
        page.get_by_role("button", name="SNP project").click()
        page.get_by_label("Name").fill("to fail")
        # nothing was mapped to this one yet
        choose_reference(page, OUTLIER)
        page.get_by_role("button", name="Begin").click()
        page.wait_for_url("/projects/*")
        expect(page.get_by_role("status")).to_contain_text("live")
        cancel_each(live_jobs(page))
        expect(page.get_by_text("was cancelled")).to_be_visible()
        page.get_by_role("button", name="Go on where it failed").click()
        expect(page.get_by_role("status")).to_contain_text("live")
        wait_for("the jobs of the next try", lambda: live_jobs(page))
        cancel_each(live_jobs(page))
        expect(page.get_by_role("status")).to_contain_text("failed")


def live_jobs(page: Page) -> list[int]:
    """The jobs of the page's project that are not over."""
    answer = page.request.get(f"/api/v1.0/projects/{page.url.rpartition('/')[2]}").json()
    return [one["job"] for one in answer["steps"] if one["state"] in ("WAITING", "ROUTED", "RUNNING")]
