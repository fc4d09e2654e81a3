"""Which files of a folder are a scheme's alleles; what is packed otherwise is said, not passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from crobot_errors import BadInput
from crobot_tasks.cli.species.schemes import _files


def folder_of(path: Path, *names: str) -> Path:
    for name in names:
        (path / name).write_text(">aroC_1\nACGT\n")
    return path


def test_the_allele_files_of_a_folder_are_taken_in_order(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "b.tfa", "a.fasta.gz", "README.md", "scheme.zip")
    assert [path.name for path in _files([folder])] == ["a.fasta.gz", "b.tfa"]


@pytest.mark.parametrize(
    ("name", "packer"), [("b.tfa.xz", "xz"), ("b.fasta.zip", "zip"), ("b.fas.bz2", "bzip2")]
)
def test_alleles_that_are_packed_otherwise_are_refused_by_name(
    tmp_path: Path, name: str, packer: str
) -> None:
    folder = folder_of(tmp_path, "a.tfa", name)
    with pytest.raises(BadInput, match=f"{name} is packed by {packer}: unpack it, or pack it with gzip"):
        _files([folder])


def test_what_is_there_unpacked_too_is_no_fault(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "a.tfa", "a.tfa.xz")
    assert [path.name for path in _files([folder])] == ["a.tfa"]


def test_a_folder_without_alleles_says_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"holds no allele files \(.tfa, .*\), only scheme.zip"):
        _files([folder_of(tmp_path, "scheme.zip")])
