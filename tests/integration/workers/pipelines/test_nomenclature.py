"""The nomenclature pipeline with the real BLAST, genome and scheme: known truth, mutations, and brute force."""

from __future__ import annotations

import csv
import gzip
import random
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from crobot_errors import BadInput, BadPath, NodeBroken, UnusableAssembly
from demo.data import LOCI, SCHEME, TRUE_ALLELES, TRUE_ST, DemoData, fetch, fetch_genome, fetch_scheme
from workers.attempt import Attempt
from workers.contigs import read_assembly
from workers.fasta import reverse_complement
from workers.job import JobInput
from workers.nomenclature.allele_files import read_alleles
from workers.nomenclature.places import exact_places
from workers.nomenclature.profile_table import read_profiles
from workers.nomenclature.schemes import Scheme, read_scheme, write_scheme
from workers.pipelines import pipeline
from workers.pipelines.nomenclature import search
from workers.runner import run_attempt

Contigs = dict[str, str]
Typing = Callable[[Path], dict[str, Any]]

NUMBERS = count(1)


@pytest.fixture(scope="session")
def demo_data(pytestconfig: pytest.Config) -> DemoData:
    """Downloaded once, and kept between test runs."""
    return fetch(pytestconfig.cache.mkdir("demo-data"), small=True)


@pytest.fixture(scope="session")
def scheme(demo_data: DemoData, tmp_path_factory: pytest.TempPathFactory) -> Scheme:
    """The scheme as a head exports it."""
    directory = tmp_path_factory.mktemp("storage") / "schemes" / "senterica" / SCHEME / "1"
    return read_scheme(write_scheme(directory, SCHEME, "1", LOCI, read_alleles(demo_data.alleles)))


@pytest.fixture
def typing(scheme: Scheme, tmp_path: Path) -> Iterator[Typing]:
    """Runs the pipeline on a file and returns the report."""
    storage, state = tmp_path / "storage", tmp_path / "state"
    storage.mkdir()
    state.mkdir()

    def run(path: Path) -> dict[str, Any]:
        return run_attempt(pipeline("nomenclature"), attempt_for(path, scheme, storage, state))

    yield run
    assert not list((state / "scratch").iterdir())


@pytest.fixture
def contigs(demo_data: DemoData) -> Contigs:
    """The small genome, a contig for each window."""
    return read_assembly(demo_data.sequenced)


def job_for(path: Path, scheme: Scheme) -> JobInput:
    params = {"scheme": scheme.name, "species": "senterica", "scheme_dir": str(scheme.directory)}
    return JobInput({"assembly": str(path)}, {**params, "prefix": "SAL_AA0001AA_AS"})


def attempt_for(path: Path, scheme: Scheme, storage: Path, state: Path) -> Attempt:
    job = job_for(path, scheme)
    roots = [path.parent, scheme.directory]
    return Attempt(next(NUMBERS), 1, job, pipeline("nomenclature").resources(job), storage, roots, state)


def written(contigs: Contigs, path: Path) -> Path:
    path.write_text("".join(f">{name}\n{sequence}\n" for name, sequence in contigs.items()))
    return path


def calls_of(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["locus"]: each for each in report["results"]["calls"]}


def without_alleles(contigs: Contigs, locus: str, allele: str, instead: str) -> Contigs:
    """The contigs with something else where the allele is."""
    other = reverse_complement(instead)
    replaced = {
        name: sequence.replace(allele, instead).replace(reverse_complement(allele), other)
        for name, sequence in contigs.items()
    }
    assert replaced != contigs, f"{locus} is not there"
    return replaced


def allele_of(scheme: Scheme, locus: str) -> str:
    """The sequence of Agona's allele."""
    return next(
        seq for name, number, seq in scheme.alleles() if (name, number) == (locus, TRUE_ALLELES[locus])
    )


def substituted(sequence: str, at: int) -> str:
    return sequence[:at] + {"A": "C", "C": "G", "G": "T", "T": "A"}[sequence[at]] + sequence[at + 1 :]


def brute_force(path: Path, scheme: Scheme, scratch: Path) -> dict[str, set[int]]:
    """The numbers of the longest alleles that BLAST finds at 100 % identity over their full length."""
    table = scratch / "brute.tsv"
    fasta = written(read_assembly(path), scratch / "brute.fasta")
    command = ["blastn", "-query", str(scheme.directory / "alleles.fasta"), "-subject", str(fasta)]
    options = ["-perc_identity", "100", "-qcov_hsp_perc", "100", "-dust", "no", "-ungapped"]
    outfmt = ["-word_size", "28", "-outfmt", "6 qseqid qlen", "-out", str(table)]
    subprocess.run([*command, *options, *outfmt], check=True)
    best: dict[str, tuple[int, set[int]]] = {}
    with table.open() as lines:
        for name, length in csv.reader(lines, delimiter="\t"):
            locus, _, number = name.rpartition("_")
            known, numbers = best.get(locus, (0, set()))
            if int(length) > known:
                best[locus] = (int(length), {int(number)})
            elif int(length) == known:
                numbers.add(int(number))
    return {locus: numbers for locus, (_, numbers) in best.items()}


def test_the_complete_genome_has_the_alleles_of_its_known_sequence_type(
    demo_data: DemoData, typing: Typing
) -> None:
    report = typing(demo_data.genome)
    results = report["results"]
    assert results["alleles"] == TRUE_ALLELES
    assert results["complete"]
    sts = {tuple(alleles.values()): st for st, alleles, _ in read_profiles(demo_data.profiles, LOCI)}
    assert sts[tuple(results["alleles"].values())] == TRUE_ST
    assert list(results["alleles"]) == list(LOCI)
    assert set(report["tools"]) == {"blastn"}


def test_positions_lead_to_the_allele_in_the_genome(
    demo_data: DemoData, typing: Typing, scheme: Scheme
) -> None:
    genome = read_assembly(demo_data.genome)
    report = typing(demo_data.genome)
    lines = Path(report["outputs"]["gff"]).read_text().splitlines()
    assert lines[0] == "##gff-version 3"
    features = [line.split("\t") for line in lines if not line.startswith("#")]
    assert len(features) == len(LOCI)
    for (seqid, _, _, start, end, _, strand, _, attributes), locus in zip(features, LOCI, strict=True):
        found = genome[seqid][int(start) - 1 : int(end)]
        assert (found if strand == "+" else reverse_complement(found)) == allele_of(scheme, locus)
        assert f"ID=SAL_AA0001AA_AS_{locus};locus={locus};allele={TRUE_ALLELES[locus]};" in attributes


def test_pieces_of_a_genome_give_the_same_alleles_as_brute_force(
    demo_data: DemoData, typing: Typing, scheme: Scheme, tmp_path: Path
) -> None:
    expected = brute_force(demo_data.sequenced, scheme, tmp_path)
    assert expected == {locus: {number} for locus, number in TRUE_ALLELES.items()}
    assert typing(demo_data.sequenced)["results"]["alleles"] == TRUE_ALLELES


def test_other_strand_lower_case_line_ends_and_gzip_change_nothing(
    contigs: Contigs, typing: Typing, tmp_path: Path
) -> None:
    straight = calls_of(typing(written(contigs, tmp_path / "a.fasta")))
    turned = {f"odd|{name};=&": reverse_complement(bases).lower() for name, bases in contigs.items()}
    path = tmp_path / "turned.fasta.gz"
    lines = (f">{name} words\r\n" + "\r\n".join(seq[at : at + 61] for at in range(0, len(seq), 61))
             for name, seq in turned.items())  # fmt: skip
    path.write_bytes(gzip.compress("\r\n".join(lines).encode()))
    for locus, found in calls_of(typing(path)).items():
        other = straight[locus]
        assert (found["allele"], found["length"]) == (other["allele"], other["length"])
        assert found["strand"] != other["strand"]
        assert found["start"] == len(contigs[other["contig"]]) - other["end"] + 1


@pytest.mark.parametrize("at", [0, 2, 250, -3, -1])
def test_a_substitution_anywhere_is_a_new_allele_with_its_sequence(
    contigs: Contigs, typing: Typing, scheme: Scheme, tmp_path: Path, at: int
) -> None:
    expected = {}
    known = {locus: {seq for name, _, seq in scheme.alleles() if name == locus} for locus in LOCI}
    for locus in LOCI:
        allele = allele_of(scheme, locus)
        expected[locus] = substituted(allele, at % len(allele))
        contigs = without_alleles(contigs, locus, allele, expected[locus])
    calls = calls_of(typing(written(contigs, tmp_path / "a.fasta")))
    for locus, sequence in expected.items():
        if sequence not in known[locus]:
            assert (calls[locus]["status"], calls[locus]["sequence"]) == ("new", sequence)
            assert calls[locus]["allele"] is None
            assert calls[locus]["identity"] > 0.99
        else:
            assert calls[locus]["status"] == "exact"


def test_a_new_allele_is_marked_in_the_gff_by_its_digest(
    contigs: Contigs, typing: Typing, scheme: Scheme, tmp_path: Path
) -> None:
    allele = allele_of(scheme, "sucA")
    mutated = without_alleles(contigs, "sucA", allele, substituted(substituted(allele, 100), 300))
    report = typing(written(mutated, tmp_path / "a.fasta"))
    assert report["results"]["complete"]
    assert report["results"]["alleles"] == TRUE_ALLELES | {"sucA": None}
    (line,) = [line for line in Path(report["outputs"]["gff"]).read_text().splitlines() if "sucA" in line]
    assert "allele=new;status=new;sha256=" in line


@pytest.mark.parametrize("side", ["begin", "end", "both"])
def test_a_new_allele_whose_ends_are_unlike_is_new_and_whole(
    contigs: Contigs, typing: Typing, scheme: Scheme, tmp_path: Path, side: str
) -> None:
    expected = {}
    for locus in LOCI:
        allele = allele_of(scheme, locus)
        # two of three letters differ, so that the alignment stops before them
        for at in range(18):
            if at % 3:
                allele = allele if side == "end" else substituted(allele, at)
                allele = allele if side == "begin" else substituted(allele, len(allele) - 1 - at)
        expected[locus] = allele
        contigs = without_alleles(contigs, locus, allele_of(scheme, locus), allele)
    calls = calls_of(typing(written(contigs, tmp_path / "a.fasta")))
    found = {locus: (each["status"], each["sequence"]) for locus, each in calls.items()}
    assert found == {locus: ("new", sequence) for locus, sequence in expected.items()}


@pytest.mark.parametrize("header", [" circular=true", " [topology=circular] complete", ""])
@pytest.mark.parametrize("turn", [False, True])
def test_a_locus_across_the_opening_of_a_circle_is_whole_if_the_circle_is_known(
    contigs: Contigs, typing: Typing, scheme: Scheme, tmp_path: Path, header: str, turn: bool
) -> None:
    allele = allele_of(scheme, "hisD")
    name, ring = next(
        (name, each if allele in each else reverse_complement(each))
        for name, each in contigs.items()
        if allele in each or reverse_complement(allele) in each
    )
    opened = ring.index(allele) + 200
    ring = ring[opened:] + ring[:opened]
    contigs = {each: bases for each, bases in contigs.items() if each != name}
    contigs[f"ring{header}"] = reverse_complement(ring) if turn else ring
    call = calls_of(typing(written(contigs, tmp_path / "a.fasta")))["hisD"]
    if not header:
        assert call["status"] == "fragmented"
        return
    assert (call["status"], call["allele"], call["copies"]) == ("exact", TRUE_ALLELES["hisD"], 1)
    across = contigs[f"ring{header}"] * 2
    found = across[call["start"] - 1 : call["end"]]
    assert call["start"] <= len(ring) < call["end"]
    assert (reverse_complement(found) if turn else found) == allele


def test_loci_that_are_gone_broken_unknown_or_doubled_are_told_apart(
    contigs: Contigs, typing: Typing, scheme: Scheme, tmp_path: Path
) -> None:
    alleles = {locus: allele_of(scheme, locus) for locus in LOCI}
    noise = "".join(random.Random(1).choices("ACGT", k=1000))
    instead = {
        "aroC": "",
        "dnaN": alleles["dnaN"][:150] + alleles["dnaN"][350:],
        "hemD": alleles["hemD"][:200] + noise + alleles["hemD"][200:],
        "hisD": alleles["hisD"][:200] + "N" * 50 + alleles["hisD"][250:],
        "purE": alleles["purE"][:200] + "R" + alleles["purE"][201:],
    }
    for locus, sequence in instead.items():
        contigs = without_alleles(contigs, locus, alleles[locus], sequence)
    contigs["copy"] = noise + substituted(alleles["sucA"], 100) + noise[::-1]
    contigs["same"] = noise + alleles["thrA"] + noise[::-1]
    report = typing(written(contigs, tmp_path / "a.fasta"))
    calls = calls_of(report)
    statuses = {locus: (each["status"], each["allele"]) for locus, each in calls.items()}
    assert statuses == {
        "aroC": ("missing", 0),
        "dnaN": ("fragmented", -1),
        "hemD": ("fragmented", -1),
        "hisD": ("fragmented", -1),
        "purE": ("fragmented", -1),
        "sucA": ("duplicated", -2),
        "thrA": ("exact", TRUE_ALLELES["thrA"]),
    }
    assert not report["results"]["complete"]
    assert (calls["sucA"]["copies"], calls["thrA"]["copies"]) == (2, 2)


@pytest.mark.parametrize("kept", [120, 250, 400])
def test_a_locus_at_the_end_of_a_contig_is_fragmented(
    contigs: Contigs, typing: Typing, scheme: Scheme, tmp_path: Path, kept: int
) -> None:
    allele = allele_of(scheme, "sucA")
    (name,) = [name for name, bases in contigs.items() if allele in bases]
    at = contigs[name].index(allele) + kept
    contigs = contigs | {name: contigs[name][:at], "rest": contigs[name][at:]}
    calls = calls_of(typing(written(contigs, tmp_path / "a.fasta")))
    assert (calls["sucA"]["status"], calls["sucA"]["allele"]) == ("fragmented", -1)
    assert calls["sucA"]["coverage"] == pytest.approx(max(kept, 501 - kept) / 501, abs=0.01)


def test_other_alleles_in_place_of_agonas_are_found_as_by_brute_force(
    contigs: Contigs, typing: Typing, scheme: Scheme, tmp_path: Path
) -> None:
    chosen = random.Random(5)
    for locus in LOCI:
        known = [sequence for name, _, sequence in scheme.alleles() if name == locus]
        contigs = without_alleles(contigs, locus, allele_of(scheme, locus), chosen.choice(known))
    path = written(contigs, tmp_path / "a.fasta")
    found = typing(path)["results"]["alleles"]
    assert {locus: {number} for locus, number in found.items()} == brute_force(path, scheme, tmp_path)


def test_the_representatives_lead_to_all_known_alleles(scheme: Scheme, tmp_path: Path) -> None:
    """A twentieth of them, each on a contig of its own: none is hidden by the many that are like it."""
    contigs = {f"{locus}_{number}": bases for locus, number, bases in scheme.alleles() if number % 20 == 0}
    (tmp_path / "storage").mkdir()
    path = written(contigs, tmp_path / "all.fasta")
    attempt = attempt_for(path, scheme, tmp_path / "storage", tmp_path / "state")
    with attempt.open():
        places = search(attempt, scheme, contigs)
    found = exact_places(places, scheme.alleles()).values()
    assert {place.contig for place in found if place.length == len(contigs[place.contig])} == set(contigs)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"ACGT\n", "not FASTA"),
        (b"@r\nACGT\n+\nIIII\n", "not FASTA"),
        (b">p\nMKVLITEEPQ\n", "no nucleotide"),
        (b">a\nAC--GT\n", "no nucleotide"),
        (b"\x00\xff\xfe", "damaged, or not text"),
        (gzip.compress(b">a\n" + b"ACGT" * 99, mtime=0)[:-12], "damaged"),
    ],
)
def test_what_is_no_assembly_is_refused_before_it_is_stored(
    scheme: Scheme, tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "a.fasta"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=reason) as caught:
        pipeline("nomenclature").validate(job_for(path, scheme), [tmp_path, scheme.directory])
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (">a\n" + "ACGT\n" * 500 + "MKL\n", "no nucleotide"),
        (">a\nACGT\n>a\nACGT\n", "two contigs 'a'"),
        (">a\n>b\n", "no sequence"),
    ],
)
def test_what_only_the_whole_file_shows_is_a_final_verdict(
    typing: Typing, tmp_path: Path, content: str, reason: str
) -> None:
    path = tmp_path / "a.fasta"
    path.write_text(content)
    (tmp_path / "state" / "scratch").mkdir()
    with pytest.raises(UnusableAssembly, match=reason):
        typing(path)


def test_files_outside_the_roots_and_schemes_not_exported_are_refused(
    scheme: Scheme, demo_data: DemoData, tmp_path: Path
) -> None:
    job = job_for(demo_data.sequenced, scheme)
    validate = pipeline("nomenclature").validate
    validate(job, [demo_data.sequenced.parent, scheme.directory])
    with pytest.raises(BadPath, match="outside"):
        validate(job, [scheme.directory])
    empty = replace(job, params=job.params | {"scheme_dir": str(tmp_path)})
    with pytest.raises(BadPath, match="no exported scheme"):
        validate(empty, [demo_data.sequenced.parent, tmp_path])
    with pytest.raises(BadInput, match="parameter prefix"):
        validate(replace(job, params=job.params | {"prefix": ""}), [tmp_path])
    with pytest.raises(BadInput, match="input 'assembly'"):
        validate(replace(job, inputs={}), [tmp_path])


def test_an_assembly_that_vanished_is_the_nodes_fault(typing: Typing, tmp_path: Path) -> None:
    (tmp_path / "state" / "scratch").mkdir()
    with pytest.raises(NodeBroken, match="not there"):
        typing(tmp_path / "gone.fasta")


def test_a_genome_without_any_locus_has_all_of_them_missing(typing: Typing, tmp_path: Path) -> None:
    bases = "".join(random.Random(3).choices("ACGT", k=20_000))
    report = typing(written({"noise": bases}, tmp_path / "a.fasta"))
    assert set(report["results"]["alleles"].values()) == {0}
    assert Path(report["outputs"]["gff"]).read_text() == "##gff-version 3\n"


def test_the_demo_data_is_fetched_once(demo_data: DemoData) -> None:
    directory = demo_data.genome.parent
    before = {path: path.stat().st_mtime_ns for path in directory.iterdir()}
    fetch_genome(directory)
    fetch_scheme(directory)
    assert fetch(directory, small=True) == demo_data
    assert {path: path.stat().st_mtime_ns for path in directory.iterdir()} == before
