"""Pipelines on assemblies as people send them: broken, of another make, with names that tools mistake."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from crobot_errors import BadInput, BadPath, ToolError
from demo.data import DemoData, fetch
from tests.running import run_on
from workers.contigs import read_assembly
from workers.job import JobInput
from workers.pipelines import PIPELINES, pipeline
from workers.pipelines.on_assembly import OnAssembly

ON_ASSEMBLY = sorted(name for name, each in PIPELINES.items() if isinstance(each, OnAssembly))
GZIPPED = gzip.compress(b">a\n" + b"ACGT" * 100 + b"\n")
BROKEN = {
    "empty": (b"", "is empty"),
    "headers only": (b">a\n>b\n", "headers but no sequence"),
    "protein": (b">a\nMKLVINGKTLKGEITVEAVDAATAEKVFKQY\n", "is no nucleotide; is this a protein"),
    "reads": (b"@read\nACGT\n+\nIIII\n", "begins with '@read'"),
    "gzip with garbage": (GZIPPED + b"garbage", "damaged or not text"),
    "gzip, cut off": (GZIPPED[:-12], "damaged or not text"),
    "two contigs of a name": (b">a\nACGT\n>b\nACGT\n>a b\nACGT\n", "line 5: there are two contigs 'a'"),
}
ARRAY = (2_988_105, 2_989_231)


@pytest.fixture(scope="session")
def demo_data(pytestconfig: pytest.Config) -> DemoData:
    return fetch(pytestconfig.cache.mkdir("demo-data"), small=True)


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("name", ON_ASSEMBLY)
def test_a_broken_file_is_refused_in_one_line(name: str, kind: str, tmp_path: Path) -> None:
    text, message = BROKEN[kind]
    path = tmp_path / "assembly.fasta"
    path.write_bytes(text)
    with pytest.raises(ToolError, match=message) as raised:
        run_on(name, path, tmp_path)
    assert "\n" not in str(raised.value)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("kind", ["empty", "protein", "reads"])
def test_what_shows_at_the_beginning_is_refused_by_the_head(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "assembly.fasta"
    path.write_bytes(BROKEN[kind][0])
    job = JobInput({"assembly": str(path)}, {"prefix": "SAL_AA0001AA_AS", "genus": "Salmonella"})
    for name in ON_ASSEMBLY:
        with pytest.raises((BadInput, BadPath)):
            pipeline(name).validate(job, [tmp_path])


def test_a_genus_without_serotypes_is_refused_with_those_that_have_some() -> None:
    with pytest.raises(BadInput, match="genus 'Yersinia': only of Salmonella, Escherichia, Shigella"):
        pipeline("SeroPred").validate(JobInput({}, {"prefix": "YER_AA0001AA_AS", "genus": "Yersinia"}), [])


def written_differently(genome: Path, kind: str) -> bytes:
    """A part of the genome around a CRISPR array, as others write files."""
    (bases,) = read_assembly(genome).values()
    part, ambiguous = bases[ARRAY[0] - 10_001 : ARRAY[1] + 10_000], "RYSWKM" * 10
    sequence = ambiguous + part
    lines = [sequence[at : at + 70] for at in range(0, len(sequence), 70)]
    match kind:
        case "lower case":
            return ">contig\n{}\n".format("\n".join(lines).lower()).encode()
        case "CRLF":
            return ">contig\r\n{}\r\n".format("\r\n".join(lines)).encode()
        case "gzip":
            return gzip.compress(">contig\n{}\n".format("\n".join(lines)).encode())
        case _:
            return ">{}\n{}\n".format(kind, "\n".join(lines)).encode()


@pytest.mark.parametrize(
    "kind", ["lower case", "CRLF", "gzip", "gi|1|ref|NC_1.1|", "with words behind it", "x" * 300, "-1;=%,"]
)
def test_the_same_array_is_found_however_the_file_is_written(
    demo_data: DemoData, kind: str, tmp_path: Path
) -> None:
    path = tmp_path / "assembly.fasta"
    path.write_bytes(written_differently(demo_data.genome, kind))
    found = run_on("CRISPR", path, tmp_path)["results"]
    (array,) = found["arrays"]
    assert array["contig"] == ("contig" if kind in ("lower case", "CRLF", "gzip") else kind.split()[0])
    # ten thousand letters before it, and sixty ambiguous ones
    assert (array["start"], array["end"]) == (10_061, 10_061 + ARRAY[1] - ARRAY[0])
    assert array["repeat_consensus"] == "CGGTTTATCCCCGCTGGCGCGGGGAACAC"
    assert found["spacer_count"] == len(array["spacers"]) == 18
    assert array["spacers"][1] == "ATGGATGGCTCATATCCGGTTTCTGTTTCTGC"


def test_a_genome_without_arrays_has_none(demo_data: DemoData, tmp_path: Path) -> None:
    assert run_on("CRISPR", demo_data.sequenced, tmp_path)["results"] == {
        "array_count": 0,
        "spacer_count": 0,
        "arrays": [],
    }


def test_statistics_judge_a_complete_genome_and_a_part_of_it(demo_data: DemoData, tmp_path: Path) -> None:
    whole = run_on("assembly_stats", demo_data.genome, tmp_path, references=[str(demo_data.genome)])[
        "results"
    ]
    assert whole["statistics"]["bases"] == 4_798_660
    assert whole["qa"]["verdict"] == "pass"
    assert whole["qa"]["measures"][-1]["value"] == 100.0
    part = run_on("assembly_stats", demo_data.sequenced, tmp_path, references=[str(demo_data.genome)])[
        "results"
    ]
    assert part["qa"]["failed"] == ["bases"]
