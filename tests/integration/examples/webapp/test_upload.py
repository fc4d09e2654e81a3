"""Reads go from a browser to an assembly: over lines that break, out of closed windows, with wrong files and tables."""

from __future__ import annotations

import base64
import gzip
import random
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from crobot_tasks.lifecycle.cancel import cancel_each
from crobot_tasks.operate import pause
from db.crobot import PausedKind
from demo.data import DemoData
from tests.integration.crobot_tasks.web.api.uploads.conftest import fastq, packed
from tests.integration.examples.webapp.conftest import User
from tests.processes import query, value, wait_for
from tests.proxy import Proxy

SignIn = Callable[..., User]
#: an assembly of the small genome, on a busy machine
ASSEMBLED_MS = 120_000
SOON_MS = 30_000
_seeds = count(7_000)

pytestmark = pytest.mark.usefixtures("senterica")


@pytest.fixture
def assembled_later() -> Iterator[None]:
    """Assemblies of this test wait, and are cancelled."""
    what = [(PausedKind.PIPELINE, "QAssembly")]
    pause.pause(what, "a test")
    yield
    live = "SELECT id FROM crobot.jobs WHERE pipeline = 'QAssembly' AND finished_at IS NULL"
    cancel_each(row.id for row in query(live))
    pause.unpause(what)


def reads_of(genome: Path, files: list[Path], bases: int = 25_000, length: int = 150) -> None:
    """Write paired reads of the beginning of a genome, 30 of each base, without errors."""
    text = "".join(genome.read_text().split("\n", 1)[1].split())[:bases]
    chance = random.Random(1)
    starts = [chance.randrange(bases - 400) for _ in range(30 * bases // (2 * length))]
    turned = str.maketrans("ACGT", "TGCA")
    for mate, path in enumerate(files, 1):
        parts = [text[start : start + 400] for start in starts]
        if mate == 2:
            parts = [part.translate(turned)[::-1] for part in parts]
        reads = [
            f"@r{number}/{mate}\n{part[:length]}\n+\n{'I' * length}\n" for number, part in enumerate(parts)
        ]
        path.write_bytes(gzip.compress("".join(reads).encode(), 1))


def pair_of_files(folder: Path, name: str = "iso", reads: int = 200) -> list[Path]:
    """Two small files that nobody has uploaded."""
    seed = next(_seeds)
    folder.mkdir(exist_ok=True)
    files = [folder / f"{name}_{mate}.fastq.gz" for mate in (1, 2)]
    for mate, path in enumerate(files, 1):
        path.write_bytes(packed(mate, reads, seed))
    return files


def large_pair(folder: Path, name: str) -> list[Path]:
    """Two files of 12 MB: more than a chunk, since they are not compressed."""
    seed = next(_seeds)
    folder.mkdir(exist_ok=True)
    block = [fastq(mate, 2_000, seed) for mate in (1, 2)]
    files = [folder / f"{name}_{mate}.fastq.gz" for mate in (1, 2)]
    for path, text in zip(files, block, strict=True):
        path.write_bytes(gzip.compress(text * 28, 0, mtime=0))
    return files


def choose(page: Page, *files: Path) -> None:
    page.get_by_label("Read files").set_input_files(list(files))


def send(page: Page) -> None:
    page.get_by_role("button", name="Send 1 pair").click()


def card(page: Page, strain: str) -> Locator:
    return page.get_by_role("article", name=f"Upload of {strain}")


def opened(user: User) -> Page:
    user.page.goto("/upload")
    # other tests may have left other species
    user.page.get_by_label("Species").select_option("senterica")
    return user.page


def test_a_pair_that_is_chosen_becomes_an_assembly(
    sign_in: SignIn, demo_data: DemoData, tmp_path: Path
) -> None:
    files = [tmp_path / f"agona_S1_L001_R{mate}_001.fastq.gz" for mate in (1, 2)]
    reads_of(demo_data.sequenced, files)
    page = opened(sign_in(width=400))
    page.get_by_label("Assembler").select_option("megahit")
    choose(page, *files)
    expect(page.get_by_label("Strain", exact=True)).to_have_value("agona")
    send(page)
    sent = card(page, "agona")
    expect(sent.get_by_text("sent", exact=True)).to_be_visible(timeout=SOON_MS)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    sent.get_by_role("link", name="job").click()
    expect(page.get_by_label("Log", exact=True)).to_contain_text("megahit", timeout=SOON_MS)
    expect(page.get_by_text("It is complete.")).to_be_visible(timeout=ASSEMBLED_MS)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    expect(page.get_by_text("QA: failed")).to_be_visible()
    expect(page.get_by_role("link", name="assembly.fasta")).to_be_visible()
    assembly = page.get_by_role("link", name="SAL_").get_attribute("href")
    assert assembly is not None
    assert assembly.startswith("/genomes/senterica/SAL_")


@pytest.mark.usefixtures("assembled_later")
def test_a_pair_is_corrected_and_its_strain_described(sign_in: SignIn, tmp_path: Path) -> None:
    files = [path.rename(path.with_name(name)) for path, name in zip(
        pair_of_files(tmp_path), ("forward.fastq.gz", "reverse.fastq.gz"), strict=True)]  # fmt: skip
    page = opened(user := sign_in())
    choose(page, *files)
    pairs = page.get_by_role("group", name="Pair")
    expect(pairs).to_have_count(2)
    expect(pairs.first).to_contain_text("a file is missing: choose it")
    send_both = page.get_by_role("button", name="Send 2 pairs")
    send_both.click()
    expect(page.get_by_role("alert")).to_contain_text("2 pairs cannot be sent yet")
    pairs.first.get_by_label("read2").select_option(files[1].name)
    expect(pairs).to_have_count(1)
    pairs.get_by_role("button", name="Swap").press("Enter")
    expect(pairs.get_by_label("read1")).to_have_value(files[1].name)
    pairs.get_by_role("button", name="Swap").press("Enter")
    pairs.get_by_label("Strain", exact=True).fill("isolate 42")
    pairs.get_by_text("What is known of the strain").press("Enter")
    pairs.get_by_label("Country").fill("Ireland")
    pairs.get_by_label("Year").fill("3019")
    expect(pairs).to_contain_text("“3019” is not a whole number from 1800")
    pairs.get_by_label("Year").fill("2019")
    send(page)
    expect(card(page, "isolate 42").get_by_text("sent", exact=True)).to_be_visible(timeout=SOON_MS)
    described = "SELECT data FROM system.user_uploads WHERE user_id = :user"
    assert value(described, user=user.number) == {"country": "Ireland", "year": 2019}


def drop(page: Page, files: dict[str, bytes]) -> None:
    """Drop files on the page, as a file manager does."""
    texts = [[name, base64.b64encode(data).decode()] for name, data in files.items()]
    transfer = page.evaluate_handle(
        """(files) => {
            const transfer = new DataTransfer();
            for (const [name, text] of files)
              transfer.items.add(new File([Uint8Array.from(atob(text), (one) => one.charCodeAt(0))], name));
            return transfer;
        }""",
        texts,
    )
    place = page.locator(".drop").last
    place.dispatch_event("dragover", {"dataTransfer": transfer})
    place.dispatch_event("drop", {"dataTransfer": transfer})


@pytest.mark.usefixtures("assembled_later")
def test_pairs_that_are_dropped_go_two_at_a_time_and_their_names_are_only_text(sign_in: SignIn) -> None:
    page = opened(sign_in())
    names = ["<img src=x onerror=alert(1)>", "<b>bold", "third"]
    files = {}
    for name in names:
        seed = next(_seeds)
        files |= {f"{name}.{mate}.fq.gz": packed(mate, seed=seed) for mate in (1, 2)}
    drop(page, files)
    expect(page.get_by_role("group", name="Pair")).to_have_count(3)
    page.get_by_role("button", name="Send 3 pairs").click()
    for name in names:
        expect(card(page, name).get_by_role("heading")).to_have_text(name)
        expect(card(page, name).get_by_text("sent", exact=True)).to_be_visible(timeout=SOON_MS)
    assert page.locator("main img, main h3 *").count() == 0
    card(page, names[0]).get_by_role("link", name="job").click()
    # where the name is a path's, it has other letters
    expect(page.get_by_text("_img_src_x_onerror_alert_1__.1.fq.gz").first).to_be_visible()


@pytest.mark.usefixtures("assembled_later")
def test_a_line_that_is_cut_in_the_middle_goes_on(sign_in: SignIn, line: Proxy, tmp_path: Path) -> None:
    page = opened(sign_in(address=line.url))
    choose(page, *large_pair(tmp_path, "cut"))
    line.cut_after(3_000_000, 9_000_000)
    try:
        send(page)
        expect(card(page, "cut").get_by_text("sent", exact=True)).to_be_visible(timeout=SOON_MS)
        assert line.cuts_left == 0
    finally:
        line.heal()
    expect(card(page, "cut").get_by_text("checked, 56,000 reads")).to_have_count(2)


@pytest.mark.usefixtures("assembled_later")
def test_what_a_closed_browser_began_goes_on_in_another(sign_in: SignIn, line: Proxy, tmp_path: Path) -> None:
    files = large_pair(tmp_path, "later")
    first = sign_in(address=line.url)
    choose(opened(first), *files)
    line.bytes_per_s = 3e6
    there = "SELECT received FROM system.upload_files WHERE user_id = :user AND sha256_given IS NOT NULL"
    try:
        send(first.page)
        wait_for("bytes, and the checksum of them all", lambda: value(there, user=first.number))
        first.page.context.close()
    finally:
        line.heal()
    page = opened(second := sign_in(user=first.number))
    begun = card(page, "later")
    expect(begun.get_by_text("unfinished")).to_be_visible()
    again = page.get_by_label("Choose the same files again")
    # others of the same names
    for other, says in (
        (pair_of_files(tmp_path / "smaller", "later"), "this is not the later_1.fastq.gz that was begun"),
        (large_pair(tmp_path / "other", "later"), "and other content"),
    ):
        again.set_input_files(list(map(str, other)))
        expect(begun.get_by_role("alert")).to_contain_text(says)
        page.reload()
    offsets: list[int] = []
    page.on(
        "request",
        lambda sent: offsets.append(int(sent.headers["upload-offset"])) if sent.method == "PATCH" else None,
    )
    again.set_input_files(list(map(str, files)))
    expect(begun.get_by_text("sent", exact=True)).to_be_visible(timeout=SOON_MS)
    assert offsets[0] > 0
    assert second.number == first.number


@pytest.mark.usefixtures("assembled_later")
def test_it_is_paused_and_withdrawn(sign_in: SignIn, line: Proxy, tmp_path: Path) -> None:
    page = opened(user := sign_in(address=line.url))
    choose(page, *large_pair(tmp_path, "halt"))
    line.bytes_per_s = 3e6
    try:
        send(page)
        page.get_by_role("button", name="Pause").click()
        expect(card(page, "halt").get_by_text("paused")).to_be_visible()
        line.heal()
        page.get_by_role("button", name="Go on").click()
        expect(card(page, "halt").get_by_text("uploading", exact=True).first).to_be_visible()
        page.get_by_role("button", name="Withdraw").click()
        page.get_by_role("button", name="Withdraw the upload").press("Enter")
        expect(card(page, "halt").get_by_text("withdrawn", exact=True).first).to_be_visible(timeout=SOON_MS)
    finally:
        line.heal()
    state = "SELECT status FROM system.user_uploads WHERE user_id = :user"
    assert value(state, user=user.number) == "withdrawn"


@pytest.mark.usefixtures("assembled_later")
def test_what_is_wrong_with_a_file_is_said_and_the_right_one_takes_its_place(
    sign_in: SignIn, tmp_path: Path
) -> None:
    files = {}
    for name in ("plain", "cut", "line", "unequal"):
        files[name] = pair_of_files(tmp_path, name)
    files["plain"][0].write_bytes(b"@r/1\nACGT\n+\nIIII\n" * 100)
    files["cut"][0].write_bytes(files["cut"][0].read_bytes()[:-100])
    broken = gzip.decompress(files["line"][0].read_bytes()).replace(b"\n@run", b"\nrun", 1)
    files["line"][0].write_bytes(gzip.compress(broken))
    right = files["unequal"][1].rename(tmp_path / "right.fastq.gz")
    files["unequal"][1].write_bytes(packed(2, 150, next(_seeds)))
    page = opened(sign_in())
    choose(page, *(path for both in files.values() for path in both))
    page.get_by_role("button", name="Send 4 pairs").click()
    for name, says in {
        "plain": "plain_1.fastq.gz is no gzip file",
        "cut": "cut_1.fastq.gz",
        "line": "line_1.fastq.gz, line 5",
        "unequal": "200 reads and unequal_2.fastq.gz 150",
    }.items():
        expect(card(page, name).get_by_role("alert").first).to_contain_text(says, timeout=SOON_MS)
    unequal = card(page, "unequal")
    unequal.get_by_label("Another file for read2").set_input_files(right)
    expect(unequal.get_by_text("sent", exact=True)).to_be_visible(timeout=SOON_MS)
    expect(unequal.get_by_role("alert")).to_have_count(0)


TABLE = "strain\tcountry\tyear\n{}_a\tIreland\t2019\n{}_b\tFrance\t{}\n"


@pytest.mark.usefixtures("assembled_later")
def test_a_pasted_table_says_which_row_and_column_is_wrong_before_anything_is_sent(
    sign_in: SignIn, tmp_path: Path
) -> None:
    user = sign_in()
    page = opened(user)
    choose(page, *pair_of_files(tmp_path, "t_a"), *pair_of_files(tmp_path, "t_b"))
    page.get_by_text("Paste what is known").press("Enter")
    table, take = page.get_by_label("Table"), page.get_by_role("button", name="Take over")
    table.fill("strain\tcolour\tyear\nt_a\tred\t2019\nnone\tblue\t19\n")
    alert = page.get_by_role("alert")
    for says in (
        "Row 1, column colour: is not known",
        "Row 3, column year: “19” is not a whole number from 1800",
        "Row 3, column strain: there is no pair with “none”",
    ):
        expect(alert).to_contain_text(says)
    expect(take).to_be_disabled()
    table.fill(TABLE.format("t", "t", "2020"))
    expect(alert).to_have_count(0)
    take.press("Enter")
    assert value("SELECT count(*) FROM system.user_uploads WHERE user_id = :user", user=user.number) == 0
    page.get_by_role("button", name="Send 2 pairs").press("Enter")
    expect(card(page, "t_b").get_by_text("sent", exact=True)).to_be_visible(timeout=SOON_MS)
    rows = query("SELECT strain, data FROM system.user_uploads WHERE user_id = :user", user=user.number)
    assert {row.strain: row.data for row in rows} == {
        "t_a": {"country": "Ireland", "year": 2019},
        "t_b": {"country": "France", "year": 2020},
    }


@pytest.mark.usefixtures("assembled_later")
def test_who_is_quicker_than_the_list_of_species_sends_to_it_all_the_same(
    sign_in: SignIn, tmp_path: Path
) -> None:
    page, held = sign_in().page, []
    page.route("**/species", lambda route: held.append(route))
    with page.expect_request("**/species"):
        page.goto("/upload")
    choose(page, *pair_of_files(tmp_path, "early"))
    send(page)
    expect(page.get_by_role("button", name="Send 1 pair")).to_be_disabled()
    for one in held:
        one.continue_()
    expect(card(page, "early").get_by_text("sent", exact=True)).to_be_visible(timeout=SOON_MS)
