"""QAssembly with the real tools, on reads that wgsim makes from a genome that we made up: the truth is known."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crobot_errors import AttemptError, NodeBroken, NothingAssembled, ToolError, UnusableReads
from tests.archive_server import serving
from workers.assembling.assembly import read_contigs
from workers.assembling.base_quality import TOP, read_bedgraph
from workers.attempt import Attempt
from workers.job import JobInput, Resources
from workers.pipelines.qassembly import QAssembly
from workers.runner import run_attempt
from workers.short_reads.reads import ReadPair
from workers.short_reads.trim import ReadCount, trim

BARCODE = "SAL_AA0001AA_AS"
GENOME_BASES = 30_000
Run = Callable[..., dict[str, Any]]


def write_genome(path: Path, seed: int, name: str = "genome") -> Path:
    bases = "".join(random.Random(seed).choices("ACGT", k=GENOME_BASES))
    path.write_text(f">{name}\n{bases}\n")
    return path


def simulate(genome: Path, pairs: int, into: Path, name: str = "reads") -> list[str]:
    """Paired reads of 150 bp, always the same."""
    plain = [into / f"{name}_{mate}.fastq" for mate in (1, 2)]
    options = ["-S", "1", "-e", "0.002", "-r", "0", "-R", "0", "-d", "400", "-s", "40"]
    command = ["wgsim", *options, "-N", str(pairs), "-1", "150", "-2", "150", genome, *plain]
    subprocess.run(command, check=True, capture_output=True)
    for path in plain:
        path.with_suffix(".fastq.gz").write_bytes(gzip.compress(path.read_bytes(), 1))
    return [str(path.with_suffix(".fastq.gz")) for path in plain]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A genome, and reads of it at a depth of 30."""
    directory = tmp_path_factory.mktemp("data")
    simulate(write_genome(directory / "genome.fasta", seed=1), 3000, directory)
    write_genome(directory / "other.fasta", seed=2, name="other")
    return directory


@pytest.fixture
def pair(data: Path) -> list[str]:
    return [str(data / f"reads_{mate}.fastq.gz") for mate in (1, 2)]


@pytest.fixture
def run(tmp_path: Path, data: Path) -> Run:
    """Validate as the head does, then run as a node does."""
    (tmp_path / "storage").mkdir()

    def go(reads: list[list[str]], archive_url: str = "", **params: Any) -> dict[str, Any]:
        job = JobInput(params={"prefix": BARCODE, "genus": "Salmonella", **params}, reads=reads)
        roots = [data, tmp_path]
        QAssembly().validate(job, roots)
        resources = QAssembly().resources(job)
        attempt = Attempt(
            1001, 3, job, resources, tmp_path / "storage", roots, tmp_path / "state", archive_url
        )
        return run_attempt(QAssembly(), attempt)

    return go


def log_of(tmp_path: Path) -> str:
    return (tmp_path / "storage/outputs/1/1001/3/log.txt").read_text()


@pytest.mark.parametrize("assembler", ["spades", "megahit", "skesa"])
def test_every_assembler_gives_back_the_genome(
    run: Run, pair: list[str], data: Path, tmp_path: Path, assembler: str
) -> None:
    body = run([pair], assembler=assembler, references=[str(data / "genome.fasta")], genome_size=100_000)
    statistics = body["results"]["statistics"]
    assert statistics["bases"] == pytest.approx(GENOME_BASES, rel=0.01)
    assert statistics["contigs"] <= 3
    assert statistics["mean_depth"] == pytest.approx(30, rel=0.03)
    assert body["tools"].keys() == {"fastp", assembler, "minimap2", "samtools", "mash"}
    contigs = read_contigs(Path(body["outputs"]["assembly"]))
    qualities = read_bedgraph(Path(body["outputs"]["quality"]), {each.name: each.length for each in contigs})
    assert np.median(np.concatenate([*qualities.values()])) == TOP
    assert body["results"]["quality"]["low_share"] < 0.01
    assert body["results"]["quality"]["mean_depth"] == pytest.approx(30, rel=0.05)
    assert body["results"]["quality"]["contradicted"] == 0
    assert contigs[0].name == f"{BARCODE}_1"
    assert list((tmp_path / "state" / "scratch").iterdir()) == []


def test_results_have_reads_qa_and_usage(run: Run, pair: list[str], data: Path, tmp_path: Path) -> None:
    body = run([pair], assembler="megahit", references=[str(data / "genome.fasta")])
    results = body["results"]
    assert results["reads"]["before"] == {"count": 6000, "bases": 900_000, "mean_length": 150.0}
    assert results["qa"]["verdict"] == "fail"
    assert results["qa"]["failed"] == ["bases"]
    assert results["qa"]["measures"][-1]["value"] == 100.0
    assert json.loads(Path(body["outputs"]["qa"]).read_text()) == results
    assert [tool["name"] for tool in body["usage"]["tools"]] == [
        "fastp", "megahit", "mash", "mash", "minimap2", "samtools", "samtools", "samtools"
    ]  # fmt: skip
    assert body["usage"]["peak_memory_bytes"] > 10_000_000
    assert "QA: fail bases" in log_of(tmp_path)


def test_old_qualities_are_converted_and_the_result_says_so(
    run: Run, pair: list[str], tmp_path: Path
) -> None:
    found = {}
    for name, offset in (("new", 33), ("old", 64)):
        poor = [
            str(with_poor_ends(Path(text), tmp_path / f"{name}_{n}.fastq", offset))
            for n, text in enumerate(pair)
        ]
        found[name] = run([poor], assembler="megahit", quality=False)["results"]
    assert found["new"]["reads"]["qualities"] == ["Phred+33"]
    assert "Phred+64" in found["old"]["reads"]["qualities"][0]
    assert found["old"]["reads"]["after"] == found["new"]["reads"]["after"]
    assert found["old"]["reads"]["after"]["bases"] < 0.9 * found["old"]["reads"]["before"]["bases"]
    assert found["old"]["statistics"] == found["new"]["statistics"]


def with_poor_ends(reads: Path, path: Path, offset: int) -> Path:
    """The same reads with 40 random bases at their ends, which have quality 2; all others have 30 to 40."""
    chance = random.Random(reads.name)
    lines = gzip.decompress(reads.read_bytes()).decode().splitlines()
    for at in range(1, len(lines), 4):
        good = lines[at][:-40]
        qualities = [*chance.choices(range(30, 41), k=len(good)), *[2] * 40]
        lines[at] = good + "".join(chance.choices("ACGT", k=40))
        lines[at + 2] = "".join(chr(offset + quality) for quality in qualities)
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_species_is_judged_contig_by_contig(run: Run, data: Path, tmp_path: Path) -> None:
    both = tmp_path / "both.fasta"
    both.write_text((data / "genome.fasta").read_text() + (data / "other.fasta").read_text())
    body = run([simulate(both, 6000, tmp_path)], assembler="megahit", references=[str(data / "genome.fasta")])
    species = body["results"]["qa"]["measures"][-1]
    assert species["value"] == pytest.approx(50, abs=1)
    assert body["results"]["qa"]["failed"] == ["bases", "species"]


def test_without_references_the_species_is_not_checked_and_quality_is_a_choice(
    run: Run, pair: list[str]
) -> None:
    body = run([pair], assembler="megahit", quality=False)
    species = body["results"]["qa"]["measures"][-1]
    assert body["outputs"].keys() == {"assembly", "qa"}
    assert body["tools"].keys() == {"fastp", "megahit"}
    assert (species["value"], species["passed"], species["limit"]) == (None, None, "not checked")


def test_read_sets_share_the_greatest_depth(data: Path, tmp_path: Path) -> None:
    (tmp_path / "storage").mkdir()
    sets = [simulate(data / "genome.fasta", count, tmp_path, f"r{count}") for count in (9000, 3000)]
    pairs = [ReadPair(*map(Path, texts)) for texts in sets]
    attempt = Attempt(
        1, 1, JobInput(), Resources(2, 10**10, 0, 60), tmp_path / "storage", [], tmp_path / "state"
    )
    with attempt.open():
        whole, capped = (trim(attempt, pairs, genome_bases) for genome_bases in (100_000, 10_000))
    assert (whole.capped, whole.before) == (False, ReadCount(24_000, 3_600_000))
    assert capped.capped
    # 200 times 10 kb
    assert capped.before.bases == pytest.approx(2_000_000, rel=0.01)


def test_two_read_sets_give_one_assembly(run: Run, pair: list[str], data: Path, tmp_path: Path) -> None:
    more = simulate(data / "genome.fasta", 2000, tmp_path, "more")
    body = run([pair, more], kmers=[77])
    assert body["results"]["quality"]["mean_depth"] == pytest.approx(50, rel=0.05)
    assert body["results"]["statistics"]["mean_depth"] == pytest.approx(50, rel=0.03)


def test_an_accession_is_fetched_from_the_archive(run: Run, pair: list[str], tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    for mate, text in enumerate(pair, 1):
        (files / f"ERR123456_{mate}.fastq.gz").write_bytes(Path(text).read_bytes())
    with serving(files) as server:
        server.cuts = [1000]
        body = run([["ERR123456"]], server.url, assembler="megahit")
    assert body["results"]["statistics"]["contigs"] <= 3
    assert "was cut after 1000 bytes" in log_of(tmp_path)


@pytest.mark.parametrize("assembler", ["spades", "megahit", "skesa"])
def test_reads_that_assemble_to_nothing_are_said_to(
    run: Run, data: Path, tmp_path: Path, assembler: str
) -> None:
    few = simulate(data / "genome.fasta", 40, tmp_path)
    with pytest.raises(NothingAssembled, match=r"80 reads \(80 after trimming, of 150 bp\) gave"):
        run([few], assembler=assembler, min_contig=1000)


def test_reads_without_any_quality_assemble_to_nothing(run: Run, tmp_path: Path) -> None:
    pair = [tmp_path / f"bad_{mate}.fastq" for mate in (1, 2)]
    for mate, path in enumerate(pair, 1):
        bases = "ACGT" if mate == 1 else "TTGA"
        path.write_text("".join(f"@r{n}/{mate}\n{bases * 20}\n+\n{'#' * 80}\n" for n in range(500)))
    with pytest.raises(NothingAssembled, match=r"1000 reads \(0 after trimming"):
        run([list(map(str, pair))])


def broken(tmp_path: Path, pair: list[str], change: Callable[[list[str]], list[str]]) -> list[str]:
    """The pair with a changed read2, too large for the head's cheap check to read it through."""
    lines = gzip.decompress(Path(pair[1]).read_bytes()).decode().splitlines(keepends=True)
    path = tmp_path / "broken_2.fastq"
    path.write_text("".join(change(lines)))
    return [pair[0], str(path)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: lines[:-40], "unequal numbers of reads: .*broken_2.fastq ends after 2990"),
        (lambda lines: lines[:-2], "read 3000 is incomplete"),
        (lambda lines: lines[:400] + lines[404:] + lines[:4], "out of step at read 101"),
        (lambda lines: [*lines[:401], "ACGT\n", *lines[402:]], "not FASTQ at read 101"),
    ],
)
def test_broken_reads_are_found_on_the_node(
    run: Run, pair: list[str], tmp_path: Path, change: Callable[[list[str]], list[str]], message: str
) -> None:
    with pytest.raises(UnusableReads, match=message):
        run([broken(tmp_path, pair, change)], assembler="megahit")
    assert "megahit" not in log_of(tmp_path).replace("broken", "")


def unvalidated(tmp_path: Path, pair: list[str], roots: list[Path]) -> Attempt:
    """An attempt at reads that the head has not seen like this."""
    job = JobInput(params={"prefix": BARCODE, "genus": "Salmonella"}, reads=[pair])
    (tmp_path / "storage").mkdir(exist_ok=True)
    resources = QAssembly().resources(job)
    return Attempt(1, 1, job, resources, tmp_path / "storage", roots, tmp_path / "state")


def test_a_truncated_gzip_file_is_found_on_the_node(pair: list[str], data: Path, tmp_path: Path) -> None:
    path = tmp_path / "truncated_2.fastq.gz"
    path.write_bytes(Path(pair[1]).read_bytes()[:-1000])
    with pytest.raises(UnusableReads, match=r"truncated_2.fastq.gz .*Compressed file ended"):
        run_attempt(QAssembly(), unvalidated(tmp_path, [pair[0], str(path)], [data, tmp_path]))


def test_a_file_that_vanished_after_it_was_sent_is_the_nodes_fault(pair: list[str], tmp_path: Path) -> None:
    with pytest.raises(NodeBroken, match="is its storage not mounted on this node"):
        run_attempt(QAssembly(), unvalidated(tmp_path, [pair[0], "/nowhere/r2.fastq"], [Path("/")]))


def test_a_file_outside_the_nodes_roots_is_final(pair: list[str], tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="lies outside"):
        run_attempt(QAssembly(), unvalidated(tmp_path, pair, []))


def test_the_same_reads_give_the_same_assembly(run: Run, pair: list[str]) -> None:
    twice = [Path(run([pair], assembler="megahit")["outputs"]["assembly"]).read_bytes() for _ in range(2)]
    assert twice[0] == twice[1]


def test_an_archive_that_does_not_have_the_run_is_final(run: Run, tmp_path: Path) -> None:
    with serving(tmp_path) as server, pytest.raises(AttemptError, match="no ERR999999_1") as caught:
        run([["ERR999999"]], server.url)
    assert isinstance(caught.value, ToolError)
