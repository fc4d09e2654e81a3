"""The pipelines of an SNP project with the real tools, on a part of the genomes of six real isolates."""

from __future__ import annotations

import gzip
import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from crobot_errors import BadInput, ToolError
from tests.trees import read_tree, sides, splits
from tests.truth.agona import OUTLIER, Agona, published, simulate_reads, write_fasta
from tests.truth.planted import Island, Kind, plant
from tests.truth.project import run, run_project, run_reads
from workers.fasta import reverse_complement
from workers.snp.call_files import read_calls

#: 244 sites differ there, and every base of every isolate was published
WINDOW = (2_750_000, 3_000_000)
Genomes = Mapping[str, str]


@pytest.fixture(scope="session")
def agona(pytestconfig: pytest.Config) -> Agona:
    return published(pytestconfig.cache.mkdir("demo-data"))


@pytest.fixture(scope="session")
def genomes(agona: Agona) -> Genomes:
    return agona.window(*WINDOW)


def written(directory: Path, genomes: Genomes) -> tuple[tuple[str, Path], dict[str, Path]]:
    paths = {name: write_fasta(directory / f"{name}.fasta", name, bases) for name, bases in genomes.items()}
    return ("reference", paths.pop("reference")), paths


def differing(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


def distances(report: dict[str, dict[str, object]]) -> dict[tuple[str, str], int]:
    header, *rows = Path(report["outputs"]["distances"]).read_text().splitlines()
    names = header.split("\t")[1:]
    return {
        (name, other): int(value)
        for name, *values in (row.split("\t") for row in rows)
        for other, value in zip(names, values, strict=True)
    }


def test_a_project_finds_every_distance_and_the_grouping(tmp_path: Path, genomes: Genomes) -> None:
    reports = run_project(tmp_path, *written(tmp_path, genomes), labels={OUTLIER: "the odd one"})
    matrix, tree = reports["refMapper_matrix"], reports["matrix_phylogeny"]
    shares = matrix["results"]["shares"]
    assert shares.keys() == genomes.keys() - {"reference"}
    for one in shares.values():
        assert one["used_bases"] + sum(one["left_out"].values()) == len(genomes["reference"])
    assert matrix["results"]["warnings"] == []
    truth = {(a, b): differing(genomes[a], genomes[b]) for a in genomes for b in genomes}
    assert distances(matrix) == truth
    assert matrix["results"]["snp_count"] == {name: truth["reference", name] for name in genomes}
    lines = gzip.decompress(Path(matrix["outputs"]["matrix"]).read_bytes()).decode().splitlines()
    assert len(lines) == 2 + matrix["results"]["snps"]
    rooted = read_tree(Path(tree["outputs"]["tree"]))
    assert {leaf.name for leaf in rooted.get_terminals()} == set(genomes)
    assert [OUTLIER] in sides(rooted)
    for name in ("distances_svg", "distances_png"):
        assert Path(matrix["outputs"][name]).stat().st_size > 5_000
    picture = Path(tree["outputs"]["tree_svg"]).read_text()
    assert all(name in picture for name in ("the odd one", *genomes.keys() - {OUTLIER}))
    assert OUTLIER not in picture
    assert Path(tree["outputs"]["tree_png"]).read_bytes().startswith(b"\x89PNG")


def test_a_genome_may_be_in_pieces_reversed_lower_case_gzipped_and_with_odd_names(
    tmp_path: Path, genomes: Genomes
) -> None:
    reference, paths = written(tmp_path, {"reference": genomes["reference"]})
    bases = genomes[OUTLIER]
    pieces = [bases[at : at + 25_000] for at in range(0, len(bases), 25_000)]
    pieces[3:5] = [reverse_complement(piece) for piece in pieces[3:5]]
    text = "".join(f">lcl|a;b=1 {at}%\r\n{piece.lower()}\r\n" for at, piece in enumerate(pieces))
    odd = tmp_path / "odd.fasta.gz"
    odd.write_bytes(gzip.compress(text.replace("b=1 ", "b=").encode()))
    report = run(tmp_path, "refMapper", {"reference": reference[1], "odd": odd})
    found = report["results"]["assemblies"]["odd"]
    sites = [at for at, (a, b) in enumerate(zip(bases, genomes["reference"], strict=True)) if a != b]
    # what lies at the pieces' ends is not believed
    certain = [at for at in sites if 100 <= at % 25_000 < 24_900]
    assert len(certain) <= found["snps"] <= len(sites)
    assert found["called_share"] > 0.99


def test_planted_snps_beside_planted_islands_are_found_and_no_other(tmp_path: Path) -> None:
    chance = random.Random(1)
    bases, foreign = ("".join(chance.choices("ACGT", k=size)) for size in (400_000, 60_000))
    islands = [
        Island(Kind.INSERTED, 0, 40_000),
        Island(Kind.INSERTED, 0, 300),
        Island(Kind.DELETED, 12_000),
        Island(Kind.REPLACED, 5_000, 8_000),
        Island(Kind.DIVERGED, 3_000, 0, 0.15),
        Island(Kind.COPIED, 0, 1_500, 0.02),
    ]
    own = plant(bases, foreign, islands, 100, seed=1)
    reference = write_fasta(tmp_path / "reference.fasta", "reference", bases)
    assembly = write_fasta(tmp_path / "own.fasta", "own", own.sequence)
    report = run(tmp_path, "refMapper", {"reference": reference, "own": assembly})
    calls = read_calls(Path(report["outputs"]["own"]))
    called = {at: base for _, at, base in calls.snps}
    undecided = {at for _, start, end in calls.undecided for at in range(start, end)}
    assert own.false(called) == []
    assert {at for at in own.snps if at not in called} <= undecided
    found = report["results"]["assemblies"]["own"]
    # of an alignment that is thrown away for the prophage inside it, nothing would be left
    assert found["called_share"] > 0.94
    assert own.found(called) > 0.7 * len(own.snps)
    assert {"deleted", "diverged", "alignment_end"} <= set(found["left_out"])
    gone = found["left_out"]["deleted"] + found["left_out"]["missing"]
    # the aligner leaves out most of the diverged stretch
    assert gone == pytest.approx(20_000, abs=500)


def test_reads_tell_which_snps_an_assembler_made_up_in_repeats(tmp_path: Path) -> None:
    chance = random.Random(3)
    unique = ["".join(chance.choices("ACGT", k=10_000)) for _ in range(6)]
    # an assembler mixes up the close copies, and tells the distant one apart
    copies = [unequal(unique[0][3_000:6_000], 0.01, chance) for _ in range(4)]
    copies += [unequal(unique[1][3_000:6_000], 0.04, chance)]
    bases = "".join(part for pair in zip(unique, [*copies, ""], strict=True) for part in pair)
    true = dict.fromkeys(chance.sample(range(len(bases)), 60))
    own = list(bases)
    for at in true:
        own[at] = chance.choice([base for base in "ACGT" if base != bases[at]])
    reads = simulate_reads(write_fasta(tmp_path / "own.fasta", "own", "".join(own)), tmp_path, seed=1)
    assembly, quality = run_reads(tmp_path, reads, "own", assembler="megahit", genus="Salmonella")
    reference = write_fasta(tmp_path / "reference.fasta", "reference", bases)
    mask = run(tmp_path, "refMasker", {"reference": reference})["outputs"]["gff"]

    def called(**inputs: Path | str) -> dict[int, str]:
        mapping = {name: file for name, file in inputs.items() if name != "mask"}
        calls = run(tmp_path, "refMapper", {"reference": reference, **mapping})["outputs"]["own"]
        files = {"reference": reference, "own": calls} | ({"mask": mask} if "mask" in inputs else {})
        matrix = run(tmp_path, "refMapper_matrix", files, reference_name="ref")["outputs"]["matrix"]
        rows = [
            line.split("\t") for line in gzip.decompress(Path(matrix).read_bytes()).decode().splitlines()[2:]
        ]
        return {int(row[1]) - 1: row[3] for row in rows}

    def false(found: Mapping[int, str]) -> int:
        return sum(own[at] != base or at not in true for at, base in found.items())

    by_reads = {"own": assembly, "quality:own": quality}
    alone, masked, believed = (
        called(own=assembly),
        called(own=assembly, mask=mask),
        called(**by_reads, mask=mask),
    )
    assert false(alone) > 0
    assert (false(masked), false(believed)) == (0, 0)
    assert len(believed) > len(masked)


def test_reads_against_their_own_genome_make_no_snp_in_arrays_of_tandem_repeats(tmp_path: Path) -> None:
    chance = random.Random(2)
    parts = [
        "".join(chance.choices("ACGT", k=6_000)) + array(unit, 1_200, 0.02, chance)
        for unit in (18, 24, 60, 90, 24, 60)
    ]
    bases = "".join([*parts, *chance.choices("ACGT", k=6_000)])
    reference = write_fasta(tmp_path / "reference.fasta", "reference", bases)
    reads = simulate_reads(reference, tmp_path, seed=1)
    assembly, quality = run_reads(tmp_path, reads, "own", assembler="megahit", genus="Salmonella")
    inputs = {"reference": reference, "own": assembly, "quality:own": quality}
    mapped = run(tmp_path, "refMapper", inputs)
    # the reads of one copy agree with it also where it stands for another
    assert mapped["results"]["assemblies"]["own"]["snps"] > 0
    mask = run(tmp_path, "refMasker", {"reference": reference})
    assert mask["results"]["tandem_bases"] == pytest.approx(7_200, rel=0.05)
    files = {"reference": reference, "own": mapped["outputs"]["own"], "mask": mask["outputs"]["gff"]}
    assert run(tmp_path, "refMapper_matrix", files, reference_name="ref")["results"]["snps"] == 0


def array(unit: int, length: int, differing: float, chance: random.Random) -> str:
    """Copies in a row, each of which differs a little from the one before."""
    copies = [chance.choices("ACGT", k=unit)]
    while unit * len(copies) < length:
        copies.append([chance.choice("ACGT") if chance.random() < differing else one for one in copies[-1]])
    return "".join(map("".join, copies))


def unequal(bases: str, share: float, chance: random.Random) -> str:
    """A copy of which a share of the bases differs."""
    letters = list(bases)
    for at in chance.sample(range(len(bases)), round(share * len(bases))):
        letters[at] = chance.choice([base for base in "ACGT" if base != bases[at]])
    return "".join(letters)


@pytest.mark.full
def test_a_reference_in_many_contigs_gives_the_same_snps(tmp_path: Path, genomes: Genomes) -> None:
    _, paths = written(tmp_path, genomes)
    bases = genomes["reference"]
    pieces = [bases[at : at + 600] for at in range(0, len(bases), 600)]
    reference = tmp_path / "pieces.fasta"
    reference.write_text("".join(f">piece_{at}\n{piece}\n" for at, piece in enumerate(pieces)))
    report = run_project(tmp_path, ("reference", reference), paths)["refMapper_matrix"]
    truth = {(a, b): differing(genomes[a], genomes[b]) for a in genomes for b in genomes}
    found = distances(report)
    # the ends of pieces are lost to some
    assert all(0.9 * truth[pair] - 1 <= found[pair] <= truth[pair] for pair in truth)


def test_another_species_is_named_and_stops_no_other(tmp_path: Path, genomes: Genomes) -> None:
    reference, paths = written(tmp_path, {name: genomes[name] for name in ("reference", OUTLIER)})
    paths["alien"] = write_fasta(
        tmp_path / "alien.fasta", "alien", "".join(random.Random(1).choices("ACGT", k=250_000))
    )
    paths["protein"] = write_fasta(tmp_path / "protein.fasta", "p", "ACGT" * 100 + "\nMKLVE" + "ACGT" * 60)
    (tmp_path / "empty.fasta").write_text(">nothing\n")
    with pytest.raises(BadInput, match="is no nucleotide"):
        run(tmp_path, "refMapper", {"reference": reference[1], **paths})
    del paths["protein"]
    report = run(
        tmp_path, "refMapper", {"reference": reference[1], **paths, "empty": tmp_path / "empty.fasta"}
    )
    found = report["results"]["assemblies"]
    assert "only 0.0 % of the reference" in found["alien"]["error"]
    assert "Leave it out" in found["alien"]["error"]
    assert "no sequence" in found["empty"]["error"]
    assert list(report["outputs"]) == [OUTLIER]
    assert found[OUTLIER]["snps"] > 200


def test_identical_taxa_have_a_tree_and_without_any_snp_it_is_a_star(
    tmp_path: Path, genomes: Genomes
) -> None:
    some = {name: genomes[name] for name in ("reference", OUTLIER)}
    twins = some | {"twin": genomes[OUTLIER], "double": genomes["reference"]}
    tree = run_project(tmp_path, *written(tmp_path, twins))["matrix_phylogeny"]
    assert tree["results"]["distinct_taxa"] == 2
    assert splits(read_tree(Path(tree["outputs"]["tree"]))) == {frozenset({OUTLIER, "twin"})}
    same = dict.fromkeys(("reference", "a", "b", "c"), genomes["reference"])
    flat = run_project(tmp_path, *written(tmp_path, same))
    assert flat["refMapper_matrix"]["results"]["snps"] == 0
    star = read_tree(Path(flat["matrix_phylogeny"]["outputs"]["tree"]))
    assert star.total_branch_length() == 0
    assert star.count_terminals() == 4


def test_three_taxa_and_an_unknown_outgroup_are_refused(tmp_path: Path) -> None:
    three = tmp_path / "three.fasta"
    three.write_text(">a\nACGT\n>b\nACGA\n>c\nACCA\n")
    with pytest.raises(ToolError, match=r"at least 4 taxa.*these are 3: a, b, c"):
        run(tmp_path, "matrix_phylogeny", {"alignment": three})
    three.write_text(three.read_text() + ">d\nTCGA\n")
    with pytest.raises(ToolError, match="outgroup 'x' is none of the taxa"):
        run(tmp_path, "matrix_phylogeny", {"alignment": three}, outgroup="x")
    report = run(tmp_path, "matrix_phylogeny", {"alignment": three}, outgroup="c")
    tree = read_tree(Path(report["outputs"]["tree"]))
    assert ["c"] in sides(tree)


def test_calls_of_another_reference_are_refused(tmp_path: Path, genomes: Genomes) -> None:
    reference, paths = written(tmp_path, genomes)
    mapped = run(tmp_path, "refMapper", {"reference": reference[1], OUTLIER: paths[OUTLIER]})
    other = write_fasta(tmp_path / "other.fasta", "other", genomes["reference"][:-1])
    with pytest.raises(ToolError, match="another reference"):
        run(tmp_path, "refMapper_matrix", {"reference": other, **mapped["outputs"]}, reference_name="other")


def test_files_have_the_names_that_are_asked_for(tmp_path: Path, genomes: Genomes) -> None:
    names = {"reference": "SL483", OUTLIER: "the_odd_one"}
    reports = run_project(tmp_path, *written(tmp_path, genomes), names=names, outgroup=OUTLIER)
    matrix, tree = reports["refMapper_matrix"], reports["matrix_phylogeny"]
    expected = {names.get(name, name) for name in genomes}
    header = Path(matrix["outputs"]["distances"]).read_text().splitlines()[0].split("\t")
    table = gzip.decompress(Path(matrix["outputs"]["matrix"]).read_bytes()).decode().splitlines()[1]
    fasta = Path(matrix["outputs"]["snp_fasta"]).read_text()
    shares = Path(matrix["outputs"]["shares"]).read_text().splitlines()[1:]
    assert {*header[1:]} == {*table.split("\t")[2:]} == expected
    assert {line.split("\n")[0] for line in fasta.split(">")[1:]} == expected
    assert ["the_odd_one", OUTLIER] in [line.split("\t")[:2] for line in shares]
    rooted = read_tree(Path(tree["outputs"]["tree"]))
    assert {leaf.name for leaf in rooted.get_terminals()} == expected
    assert ["the_odd_one"] in sides(rooted)
    # what is counted for programs stays under the names of the inputs
    assert OUTLIER in matrix["results"]["snp_count"]
