"""Addresses in the archive: only known fields, and folders that fit the accession's length."""

from __future__ import annotations

import pytest

from crobot_errors import BadAccession, BadInput
from workers.short_reads.archive_report import parse
from workers.short_reads.archive_url import address, checked_template, single_address

PUBLIC = "https://user:secret@example.org/{folder}/{accession}/{accession}_{mate}.fastq.gz"


@pytest.mark.parametrize(
    "template",
    [PUBLIC, "http://h/{accession}_{mate}.gz", "http://h/{prefix}/{accession}/{mate}?a={{b}}"],
)
def test_templates_with_known_fields_are_taken(template: str) -> None:
    assert checked_template(template, "ARCHIVE") == template


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("http://h/{acession}_{mate}.gz", "cannot have the field {acession}; there are {accession} "),
        ("http://h/{accession[0]}/{accession}_{mate}", r"cannot have the field {accession\[0\]}"),
        ("http://h/{accession!r}_{mate}", "cannot have the field"),
        ("http://h/{accession:>9}_{mate}", "cannot have the field {accession:>9}"),
        ("http://h/{}_{mate}", "cannot have the field {}"),
        ("http://h/{accession}_{mate}.gz}", "Single '}' encountered"),
        ("http://h/{accession_{mate}.gz", "it (cannot|lacks)|expected"),
        ("http://h/{accession}_1.fastq.gz", "it lacks {mate}; there are"),
        ("http://h/reads.fastq.gz", "it lacks {accession} and {mate}"),
        ("ftp://h/{accession}_{mate}.gz", "does not begin with http"),
        ("{accession}_{mate}.gz", "does not begin with http"),
    ],
)
def test_a_slip_in_a_template_is_named_with_the_fields_that_there_are(template: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as told:
        checked_template(template, "ARCHIVE")
    assert "ARCHIVE is" in str(told.value)


def test_a_password_is_not_shown() -> None:
    with pytest.raises(BadInput) as told:
        checked_template(PUBLIC.replace("mate", "mates"), "ARCHIVE")
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    ("accession", "folder"),
    [
        ("ERR000123", "ERR000"),
        ("ERR1234567", "ERR123/007"),
        ("SRR12345678", "SRR123/078"),
        ("ERR123456789", "ERR123/789"),
    ],
)
def test_the_folder_follows_from_the_accessions_length(accession: str, folder: str) -> None:
    assert address("http://h/{prefix}:{folder}/{mate}", accession, 2) == f"http://h/{folder[:6]}:{folder}/2"


def test_longer_accessions_have_no_known_folder() -> None:
    with pytest.raises(BadAccession, match="ERR1234567890 has more digits"):
        address(PUBLIC, "ERR1234567890", 1)
    assert address("http://h/{accession}_{mate}", "ERR1234567890", 1) == "http://h/ERR1234567890_1"


def test_single_reads_lie_under_the_same_name_without_a_mate() -> None:
    assert single_address("http://h/{accession}_{mate}.gz", "ERR000123") == "http://h/ERR000123.gz"
    assert single_address("http://h/{accession}/{mate}.gz", "ERR000123") == ""


@pytest.mark.parametrize("text", ["", "error\n", "fastq_ftp\tfastq_md5\na/b_1.gz;a/b_2.gz\t;\n"])
def test_a_report_without_sums_gives_none(text: str) -> None:
    assert parse(text) == {}
