"""Parameters of QAssembly: wrong ones are refused with their name, value and what is possible."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crobot_errors import BadInput, BadPath
from workers.assembling.assembly_params import check_references, checked_params
from workers.job import JobInput
from workers.pipelines.qassembly import QAssembly

GOOD: dict[str, Any] = {"prefix": "SAL_AA0001AA_AS", "genus": "Salmonella"}


def test_defaults_are_spades_and_the_genus_genome_size() -> None:
    params = checked_params(GOOD)
    assert (params.assembler, params.genome_bases, params.min_contig) == ("spades", 4_900_000, 300)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"prefix": "a/b"}, "not a barcode"),
        ({"prefix": "a;rm -rf"}, "not a barcode"),
        ({"prefix": "a\n"}, "not a barcode"),
        ({"prefix": None}, "needs the parameter 'prefix'"),
        ({"genus": "Bacillus"}, "known are Salmonella"),
        ({"assembler": "velvet"}, "known are spades, megahit, skesa"),
        ({"assembler": ["spades"]}, "known are spades"),
        ({"asembler": "megahit"}, "no parameter 'asembler'"),
        ({"min_contig": 0}, "min_contig is 0"),
        ({"min_contig": "300"}, "min_contig is '300'"),
        ({"genome_size": 5}, "genome_size is 5"),
        ({"cores": True}, "cores is True"),
        ({"kmers": [22]}, "must be odd"),
        ({"kmers": [77, 33]}, "must rise"),
        ({"kmers": "77"}, "must be a list"),
        ({"kmers": [77], "assembler": "skesa"}, "leave kmers out"),
        ({"references": "/a.fasta"}, "must be a list"),
    ],
)
def test_a_wrong_parameter_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        checked_params(GOOD | changed)


def test_references_must_be_fasta_below_the_roots(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no fasta")
    with pytest.raises(BadInput, match="is not FASTA"):
        check_references(checked_params(GOOD | {"references": [str(tmp_path / "a.txt")]}), [tmp_path])
    with pytest.raises(BadPath, match="outside"):
        check_references(checked_params(GOOD | {"references": ["/etc/passwd"]}), [tmp_path])


def test_resources_grow_with_the_reads(tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"x")
    large.write_bytes(b"x" * 10_000_000)
    asked = [
        QAssembly().resources(JobInput(params=GOOD, reads=[[str(path), str(path)]]))
        for path in (small, large)
    ]
    assert asked[0].memory_bytes < asked[1].memory_bytes
    assert asked[0].disk_bytes < asked[1].disk_bytes
    assert asked[0].time_s < asked[1].time_s


def test_spades_takes_nine_read_sets_at_most() -> None:
    sets = [[f"ERR12345{n:02}"] for n in range(10)]
    with pytest.raises(BadInput, match="at most 9 read sets, not 10"):
        QAssembly().validate(JobInput(params=GOOD, reads=sets), [])
    QAssembly().validate(JobInput(params=GOOD | {"assembler": "megahit"}, reads=sets), [])


def test_inputs_are_refused() -> None:
    with pytest.raises(BadInput, match="no inputs assembly"):
        QAssembly().validate(JobInput({"assembly": "x"}, GOOD, [["ERR123456"]]), [])
