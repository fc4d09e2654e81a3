"""The pure parts of SNP projects: cs tags, verdicts, masks, the matrix, the order of taxa, small trees."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from Bio.Cluster import treecluster

from crobot_errors import BadInput
from tests.trees import read_tree, sides, splits
from workers.run_lengths import run_lengths
from workers.snp.call_files import StoredCalls, read_calls, write_calls
from workers.snp.calls import Verdict, call
from workers.snp.genome import Genome
from workers.snp.intervals import Interval, merged
from workers.snp.matrix import Mask, build
from workers.snp.matrix_files import read_alignment
from workers.snp.ordering import clustered
from workers.snp.paf import Alignment, parse_paf
from workers.snp.pictures import draw_tree
from workers.snp.repeats import low_complexity, repeats, tandem_arrays
from workers.snp.tree import distinct, in_snps, put_back, small_tree
from workers.trees import newick
from workers.trees.rooting import rooted

GENOME = Genome({"one": 2_000, "two": 1_000})


def paf(cs: str, start: int = 0, end: int = 1_000, strand: str = "+", quality: int = 60) -> Alignment:
    length = end - start
    columns = ("c", 5000, 100, 100 + length, strand, "one", 2000, start, end, length, length, quality)
    return next(parse_paf(["\t".join((*map(str, columns), f"cs:Z:{cs}"))]))


def test_a_cs_tag_is_walked_on_both_strands() -> None:
    plus = paf(":10*ag:5+tt:4-cc:978", 0, 1_000)
    assert [(one.start, one.reference, one.base, one.at) for one in plus.substitutions] == [
        (10, "A", "G", 110)
    ]
    assert (plus.insertions, plus.deletions) == ([(16, 2)], [(20, 22)])
    minus = paf(":10*ag:989", 0, 1_000, "-")
    assert [(one.start, one.at) for one in minus.substitutions] == [(10, 1_089)]
    long = paf("=ACGT*tn:995", 0, 1_000)
    assert [(one.start, one.base) for one in long.substitutions] == [(4, "N")]


@pytest.mark.parametrize("cs", [":999", ":500?:500", ":1001"])
def test_a_cs_tag_that_does_not_fit_its_alignment_is_an_error(cs: str) -> None:
    with pytest.raises(ValueError, match="cs tag"):
        paf(cs)
    with pytest.raises(ValueError, match="no cs tag"):
        next(parse_paf(["\t".join("c 1 0 1 + one 1 0 1 1 1 60".split())]))


def verdict(calls: object, at: int) -> Verdict:
    return Verdict(int(calls.verdicts[at]))  # type: ignore[attr-defined]


def test_only_the_middle_of_a_good_alignment_is_believed() -> None:
    calls = call([paf(":70*ag:329*ag:4-c:194*ac:399", 500, 1_500)], GENOME)
    assert [snp.position for snp in calls.snps if snp.verdict is Verdict.CALLED] == [570, 1_100]
    assert [snp.verdict for snp in calls.snps] == [Verdict.CALLED, Verdict.NEAR_GAP, Verdict.CALLED]
    assert verdict(calls, 905) is Verdict.DELETED
    assert verdict(calls, 559) is Verdict.ALIGNMENT_END
    assert verdict(calls, 560) is Verdict.CALLED
    assert verdict(calls, 499) is Verdict.MISSING
    assert verdict(calls, 2_500) is Verdict.MISSING


def test_where_the_references_contig_ends_hardly_anything_is_lost() -> None:
    calls = call([paf(":2000", 0, 2_000)], GENOME)
    assert verdict(calls, 4) is Verdict.ALIGNMENT_END
    assert verdict(calls, 5) is Verdict.CALLED
    assert verdict(calls, 1_994) is Verdict.CALLED


def test_what_two_contigs_claim_is_not_decided_and_a_doubtful_one_does_not_count() -> None:
    calls = call([paf(":1000"), paf(":900", 800, 1_700), paf(":1000", 0, 1_000, quality=5)], GENOME)
    assert verdict(calls, 700) is Verdict.CALLED
    assert verdict(calls, 900) is Verdict.SEVERAL_ALIGNMENTS
    assert verdict(calls, 1_100) is Verdict.CALLED
    weak = call([paf(":1000", quality=5)], GENOME)
    assert verdict(weak, 500) is Verdict.SEVERAL_PLACES
    assert weak.called_share == 0


def test_a_substitution_of_a_doubtful_alignment_is_no_snp_where_a_good_one_says_otherwise() -> None:
    calls = call([paf(":1000"), paf(":500*ag:499", quality=0)], GENOME)
    assert verdict(calls, 500) is Verdict.CALLED
    assert [snp.verdict for snp in calls.snps] == [Verdict.SEVERAL_PLACES]


@pytest.mark.parametrize("strand", ["+", "-"])
def test_the_quality_of_a_contigs_bases_is_carried_to_the_reference(strand: str) -> None:
    each = paf(":500*ag:9-cc+tt:988", 0, 1_500, strand)
    # 1,502 bases less 2, of a contig that begins 100 bases before the alignment does
    quality = np.full(5_000, 60)
    walked = {"+": lambda taken: 100 + taken, "-": lambda taken: 100 + 1_500 - 1 - taken}[strand]
    quality[walked(500)], quality[walked(700)], quality[walked(800)] = 3, 29, 35
    calls = call([each], GENOME, {"c": quality})
    assert [snp.verdict for snp in calls.snps] == [Verdict.LOW_QUALITY]
    assert np.flatnonzero(calls.verdicts == Verdict.LOW_QUALITY).tolist() == [500, 700]
    doubtful = np.flatnonzero(calls.doubtful).tolist()
    assert doubtful == [500, 700, 800, *range(1_200, 1_500)]


def test_a_crowd_of_substitutions_and_unknown_bases_are_no_snps() -> None:
    crowd = "*ag:3" * 5
    calls = call([paf(f":300{crowd}:100*an:579")], GENOME)
    assert {snp.verdict for snp in calls.snps} == {Verdict.CROWDED, Verdict.AMBIGUOUS_BASE}
    thin = call([paf(":300" + "*ag:9" * 5 + ":650")], GENOME)
    assert {snp.verdict for snp in thin.snps} == {Verdict.CALLED}


def test_calls_come_back_from_their_file(tmp_path: Path) -> None:
    calls = call([paf(":500*ag:499")], GENOME)
    path = write_calls(tmp_path / "calls.gff.gz", calls, {"assembly": "odd; name\t"})
    found = read_calls(path)
    assert found.lengths == GENOME.lengths
    assert found.snps == [("one", 500, "G")]
    assert found.undecided == [("one", 0, 5), ("one", 940, 1_000), ("one", 1_000, 2_000), ("two", 0, 1_000)]
    assert not found.by_reads
    read = write_calls(
        tmp_path / "read.gff.gz", call([paf(":500*ag:499")], GENOME, {"c": np.full(5_000, 60)}), {}
    )
    assert (read_calls(read).by_reads, read_calls(read).doubtful) == (True, [("one", 700, 1_000)])
    before = path.read_bytes()
    write_calls(path, calls, {"assembly": "odd; name\t"})
    assert path.read_bytes() == before
    path.write_bytes(before[:-20])
    with pytest.raises(BadInput, match="damaged"):
        read_calls(path)


def test_stretches_of_a_mask_are_merged() -> None:
    lines = [
        "0\t0\t1\t2000\t1\t2000\t100\t2000",
        "0\t1\t101\t300\t900\t701\t98.0\t200",
        "0\t0\t5\t90\t905\t990\t99\t86",
    ]
    lines += ["0\t0\t1001\t1300\t1\t300\t94.9\t300"]
    found = list(repeats(lines, ["one", "two"]))
    assert found == [Interval("one", 100, 300, "repeat"), Interval("two", 700, 900, "repeat")]
    found += low_complexity([">0\t299\t309\n"], ["one", "two"])
    assert merged(found) == [
        Interval("one", 100, 310, "low_complexity,repeat"),
        Interval("two", 700, 900, "repeat"),
    ]


def test_long_arrays_of_tandem_repeats_are_read_from_what_trf_writes() -> None:
    about = "21 4.3 21 90 0 120 20 30 30 20 1.9 ACGT ACGTACGT"
    text = ["Tandem Repeats Finder", "", "Sequence: 1", "", "Parameters: 2 5 5 80 10 30 500", ""]
    text += [f"101 250 {about}", f"301 449 {about}", "Sequence: 0", f"1 500 {about}"]
    assert list(tandem_arrays(text, ["one", "two"])) == [
        Interval("two", 100, 250, "tandem"),
        Interval("one", 0, 500, "tandem"),
    ]


def test_arrays_of_tandem_repeats_are_believed_of_no_assembly() -> None:
    reference = ("ref", {"r": "A" * 400})
    places = [("r", at, "C") for at in (50, 150, 350)]
    read = StoredCalls({"r": 400}, places, [], [], by_reads=True)
    mask = Mask([("r", 0, 100), ("r", 300, 400)], [("r", 300, 400)])
    matrix = build(reference, [("a", read)], mask, 1.0)
    assert matrix.sites.tolist() == [50, 150]
    assert (matrix.masked, matrix.shares["a"].left_out, matrix.shares["a"].dropped) == (
        200, {"repeats": 100}, {"repeats": 1},
    )  # fmt: skip


def stored(snps: str = "", undecided: tuple[tuple[str, int, int], ...] = ()) -> StoredCalls:
    places = [("r", int(one[:-1]), one[-1]) for one in snps.split()]
    return StoredCalls({"r": 20}, places, list(undecided))


def test_a_site_is_core_if_enough_taxa_decide_it_and_it_is_not_masked() -> None:
    reference = ("ref", {"r": "ACGTACGTACGTACGTACGN"})
    gap = (("r", 0, 4),)
    calls = [("a", stored("1G 10A")), ("b", stored("12C", gap)), ("c", stored("17T"))]
    matrix = build(reference, calls, Mask([("r", 17, 18)]), 0.95)
    assert matrix.taxa == ("ref", "a", "b", "c")
    assert matrix.sites.tolist() == [10, 12]
    assert [matrix.sequence(taxon) for taxon in range(4)] == ["GA", "AA", "GC", "GA"]
    assert (matrix.not_core, matrix.masked) == (1, 1)
    # 19 bases are ACGT: less the masked one, the first four, and the two that differ
    assert matrix.core == 14
    assert sum(matrix.constant.values()) == 12
    loose = build(reference, calls, Mask(), 0.75)
    assert [loose.sequence(taxon) for taxon in range(4)] == ["CGAC", "GAAC", "-GCC", "CGAT"]
    assert loose.snp_counts() == {"ref": 0, "a": 2, "b": 1, "c": 1}
    assert loose.distances().tolist() == [[0, 2, 1, 1], [2, 0, 2, 3], [1, 2, 0, 2], [1, 3, 2, 0]]


def test_an_assembly_of_known_quality_is_believed_in_repeats_but_not_its_doubtful_bases_in_long_ones() -> (
    None
):
    reference = ("ref", {"r": "A" * 2_000})
    mask = Mask([("r", 0, 100), ("r", 1_000, 1_600)])
    places = [("r", at, "C") for at in (50, 200, 1_100, 1_200)]
    doubtful = [("r", 40, 60), ("r", 190, 210), ("r", 1_190, 1_210)]
    read = StoredCalls({"r": 2_000}, places, [], doubtful, by_reads=True)
    unread = StoredCalls({"r": 2_000}, places, [])
    assert build(reference, [("a", read)], mask, 1.0).sites.tolist() == [50, 200, 1_100]
    assert build(reference, [("a", unread)], mask, 1.0).sites.tolist() == [200]
    both = build(reference, [("a", read), ("b", unread)], mask, 0.5)
    assert both.sites.tolist() == [50, 200, 1_100]
    assert [both.sequence(taxon) for taxon in range(3)] == ["AAA", "CCC", "-C-"]
    assert both.distances().tolist() == [[0, 3, 1], [3, 0, 0], [1, 0, 0]]


def test_calls_of_another_reference_do_not_go_into_a_matrix() -> None:
    with pytest.raises(BadInput, match="another reference"):
        build(("ref", {"r": "ACGT"}), [("a", stored())], Mask(), 1.0)
    with pytest.raises(BadInput, match="which the reference does not have"):
        build(("ref", {"r": "A" * 20}), [("a", stored())], Mask([("other", 0, 1)]), 1.0)


def test_runs_and_places_of_a_genome() -> None:
    assert list(run_lengths(np.array([1, 1, 2, 1]))) == [(0, 2, 1), (2, 3, 2), (3, 4, 1)]
    assert list(GENOME.split(1_990, 2_010)) == [("one", 1_990, 2_000), ("two", 0, 10)]


def test_what_is_close_stands_together() -> None:
    distances = np.array([[0, 90, 5, 91], [90, 0, 92, 4], [5, 92, 0, 93], [91, 4, 93, 0]])
    order = clustered(distances)
    assert {frozenset(order[:2]), frozenset(order[2:])} == {frozenset({0, 2}), frozenset({1, 3})}
    assert clustered(np.zeros((1, 1))) == [0]


@pytest.mark.parametrize("size", [2, 3, 40])
def test_groups_are_those_that_another_program_finds_by_average_linkage(size: int) -> None:
    half = np.triu(np.random.default_rng(size).random((size, size)), 1)
    distances = half + half.T
    place = {taxon: at for at, taxon in enumerate(clustered(distances))}
    groups = {at: [at] for at in range(size)}
    tree = treecluster(None, distancematrix=distances.copy(), method="a")
    for number in range(1, size):
        node = tree[number - 1]
        groups[-number] = [*groups.pop(node.left), *groups.pop(node.right)]
        places = sorted(place[taxon] for taxon in groups[-number])
        assert places == list(range(places[0], places[-1] + 1))


def seen(tree: newick.Branch) -> Any:
    """The tree as another program reads what we write."""
    return read_tree(newick.write(tree))


def test_the_lengths_of_a_small_tree_add_up_to_the_distances() -> None:
    taxa = {"a": "AAAAA", "b": "ATAAA", "c": "TTTTT"}
    tree = seen(small_tree(taxa, 5))
    for one, other in combinations(taxa, 2):
        far = sum(a != b for a, b in zip(taxa[one], taxa[other], strict=True))
        assert tree.distance(one, other) == pytest.approx(far / 5)
    with pytest.raises(ValueError, match="four taxa"):
        small_tree(taxa | {"d": "CCCCC"}, 5)


@pytest.mark.parametrize("outgroup", [None, "a", "d"])
def test_identical_taxa_are_set_aside_and_put_back_at_no_distance(outgroup: str | None) -> None:
    same = distinct({"a": "AC", "b": "AG", "c": "AC", "d": "AC"})
    assert same == {"a": ["c", "d"], "b": []}
    tree = seen(rooted(put_back(newick.parse("(a:1,b:3);"), same), outgroup))
    assert splits(tree) == set()
    assert {leaf.name for leaf in tree.get_terminals()} == set("abcd")
    assert tree.distance("a", "d") == 0
    assert tree.distance("a", "b") == pytest.approx(4)


def test_a_tree_is_rooted_in_its_middle_or_at_the_outgroup() -> None:
    text = "((a:1,b:1)87:1,c:1,d:10);"
    middle, at_c = (seen(rooted(newick.parse(text), outgroup)) for outgroup in (None, "c"))
    assert ["d"] in sides(middle)
    assert ["c"] in sides(at_c)
    assert splits(middle) == splits(at_c) == {frozenset({"a", "b"})}


TEXTS = ["(d:10,(a:1,b:1):1,c:1);", "((a:1,b:1):1,c:1,d:10);", "(c:1,d:10,(a:1,b:1):1);"]
#: with a root, and in the middle of its longest way already
TEXTS += ["(d:6,(c:1,(a:1,b:1):1):4);", "((d:5,(c:1,(b:1,a:1):1):5):0,(e:0,f:0):0);"]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("outgroup", [None, "d", "a"])
def test_rooting_changes_no_distance_between_taxa(text: str, outgroup: str | None) -> None:
    before, after = read_tree(text), seen(rooted(newick.parse(text), outgroup))
    taxa = sorted(leaf.name for leaf in before.get_terminals())
    for one, other in combinations(taxa, 2):
        assert after.distance(one, other) == pytest.approx(before.distance(one, other))
    assert sorted(leaf.name for leaf in after.get_terminals()) == taxa
    if outgroup is None:
        assert after.distance("d") == pytest.approx(before.distance("d", "a") / 2) == after.distance("a")


@pytest.mark.parametrize("outgroup", [None, "a", "e", "f"])
def test_support_stays_with_the_taxa_that_it_is_of(outgroup: str | None) -> None:
    text = "(a:1,b:1,((c:1,d:1)11:1,(e:1,f:9)22:1)33:1);"
    tree = seen(rooted(newick.parse(text), outgroup))
    everyone, found = frozenset("abcdef"), {}
    for clade in tree.get_nonterminals():
        below = frozenset(leaf.name for leaf in clade.get_terminals())
        if clade.confidence is not None:
            found[min(below, everyone - below, key=lambda one: (len(one), sorted(one)))] = clade.confidence
    assert found == {frozenset("cd"): 11, frozenset("ef"): 22, frozenset("ab"): 33}


def test_a_ladder_of_thousands_is_rooted_and_drawn(tmp_path: Path) -> None:
    rungs = 3000
    text = "(" * rungs + "t0:1" + "".join(f",t{at}:1):1" for at in range(1, rungs + 1)) + ";"
    tree = in_snps(rooted(put_back(newick.parse(text), {"t7": ["twin"]}), None), 1)
    assert sum(1 for _ in tree.leaves()) == rungs + 2
    draw_tree(tree, "t7", svg=tmp_path / "tree.svg", png=tmp_path / "tree.png")
    assert (tmp_path / "tree.png").read_bytes().startswith(b"\x89PNG")


def test_an_alignment_must_be_one(tmp_path: Path) -> None:
    path = tmp_path / "alignment.fasta"
    for text, message in (
        (">a\nAC\n>b\nA\n", "not equally long"),
        (">a\nAC\n>a\nAC\n", "twice"),
        (">a\nAC\n>b\nAX\n", "'X' cannot stand"),
    ):
        path.write_text(text)
        with pytest.raises(BadInput, match=message):
            read_alignment(path)
