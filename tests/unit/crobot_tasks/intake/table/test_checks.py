"""A table of new strains and reads: what is wrong has its line, its column, its value and the way out."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest

import celeryconfig
from crobot_tasks.intake.table.checking import check_lines
from crobot_tasks.intake.table.problems import Problem, Problems
from crobot_tasks.intake.table.reading import Table, opened
from crobot_tasks.intake.table.rows import Row
from crobot_tasks.intake.table.together import Together

YEAR = 2026
HEADER = "strain\taccession\tcountry\tyear\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of reads, the only one that jobs may read; and an archive."""
    monkeypatch.setattr(celeryconfig, "crobot_roots", [str(tmp_path)])
    monkeypatch.setattr(celeryconfig, "crobot_archive_url", "http://localhost/{accession}_{mate}.fastq.gz")
    for name in ("a", "b"):
        for mate in (1, 2):
            reads = f"@{name}{mate}/{mate}\nACGT\n+\nIIII\n".replace(f"@{name}{mate}", f"@{name}")
            (tmp_path / f"{name}_{mate}.fastq.gz").write_bytes(gzip.compress(reads.encode()))
    (tmp_path / "c_1.fastq.gz").write_text("this is a letter\n")
    (tmp_path / "d_1.fastq.gz").write_bytes(gzip.compress(b"@a/1\nACGT\n+\nIIII\n")[:-6])
    (tmp_path / "empty.fastq").touch()
    (tmp_path / "link_1.fastq.gz").symlink_to(tmp_path / "a_1.fastq.gz")
    return tmp_path


def read(content: str | bytes, more: Sequence[str] = ()) -> tuple[list[Row], list[Problem]]:
    """The good lines of a table, and what is wrong with the others."""
    table = Table("table.tsv", BytesIO(content if isinstance(content, bytes) else content.encode()), "")
    problems = Problems()
    columns = table.columns(more, problems)
    if columns is None:
        return [], problems.kept
    together = Together(columns.attributes, problems)
    rows = [row for row in table.rows(columns, YEAR, problems) if row is not None]
    check_lines(together, rows)
    return rows, problems.kept


@pytest.mark.parametrize(
    ("content", "line", "column", "value", "why"),
    [
        ("", 1, "", "", "the table is empty: begin with a header line"),
        ("\n# only this\n\r\n", 1, "", "", "the table is empty"),
        ("strain\taccession\tcontry\nx\tERR000001\t", 1, "contry", "contry", "did you mean country? Known are"),
        ("strain\taccession\tcolour\nx\tERR000001\t", 1, "colour", "colour", "--new-column allows another"),
        ("strain\taccession\tCountry\tcountry\nx\tERR000001\t\t", 1, "country", "country", "two columns are named"),
        ("strain\taccession\t\nx\tERR000001\t", 1, "", "", "column 3 has no name"),
        ("name\taccession\nx\tERR000001", 1, "", "name\taccession", "there is no column strain: name each strain"),
        ("#strain\taccession\nx\tERR000001", 2, "", "x\tERR000001", "a line that begins with # is a comment"),
        ("strain\tyear\nx\t2020", 1, "", "strain\tyear", "there are no reads: give a column accession"),
        ("strain\tread1\nx\t/a", 1, "", "strain\tread1", "there is a column read1 and none read2"),
        ('"strain\taccession\nx\tERR000001', 1, "", '"strain\taccession', "a quote begins here"),
        (b"\xff\xfes\0t\0", 1, "", "", "this is UTF-16"),
        (HEADER + "\tERR000001\t\t", 2, "strain", "", "the strain has no name"),
        (HEADER + "a\u200bb\tERR000001\t\t", 2, "strain", "a\u200bb", "cannot name a strain"),
        (HEADER + "a" * 201 + "\tERR000001\t\t", 2, "strain", "a" * 60 + "…", "use 1 to 200 printable"),
        (HEADER + "x\t\t\t", 2, "accession", "", "there are no reads: give an accession"),
        (HEADER + "x\t;\t\t", 2, "accession", ";", "has no run accession in it"),
        (HEADER + "x\tERS000001\t\t", 2, "accession", "ERS000001", "'ERS000001' is not a run accession"),
        (HEADER + "x\tERR000001;nonsense\t\t", 2, "accession", "nonsense", "not a run accession"),
        (HEADER + "x\tERR000001;ERR000001\t\t", 2, "accession", "ERR000001", "named before, in line 2: remove one"),
        (HEADER + "x\tERR000001\t\t\n\ny\tERR000001\t\t", 4, "accession", "ERR000001", "named before, in line 2"),
        (HEADER + "x\tERR000001\tUK\t\nx\tERR000002\tFrance\t", 3, "country", "France", "of which line 2 says 'UK'"),
        (HEADER + "x\tERR000001\t\t20x4", 2, "year", "20x4", "'20x4' is no year: write four digits"),
        (HEADER + "x\tERR000001\t\t1492", 2, "year", "1492", "is no year"),
        (HEADER + "x\tERR000001\t\t2027", 2, "year", "2027", "in the future: now is 2026"),
        (HEADER + "x\tERR000001\t" + "y" * 1001 + "\t", 2, "country", "y" * 60 + "…", "has 1,001 characters"),
        (HEADER + "x\tERR000001\ta\x07b\t", 2, "country", "a\x07b", "cannot be printed"),
        ("strain,accession,month\nx,ERR000001,13", 2, "month", "13", "is no month: write 1 to 12"),
        ("strain,accession,day,month\nx,ERR000001,30,2", 2, "day", "30", "no day 30 in month 2: its last is 29"),
        ("strain,accession,day,month,year\nx,ERR000001,29,2,2023", 2, "day", "29", "no day 29 in month 2 of 2023"),
        (gzip.compress(b"strain,accession\nx,ERR000001", mtime=0), 1, "", "", "this is packed by gzip: unpack it"),
        (b"PK\x03\x04\x14\x00", 1, "", "", "this is packed by zip: unpack it"),
        ("strain,accession,day\nx,ERR000001,0", 2, "day", "0", "is no day: write 1 to 31"),
        ("strain,accession,latitude\nx,ERR000001,91", 2, "latitude", "91", "write degrees from -90 to 90"),
        ("strain,accession,longitude\nx,ERR000001,W", 2, "longitude", "W", "is no longitude"),
        (HEADER + "x\tERR000001\t", 2, "year", "", "the line has 3 cells, the header 4: 'year' and on are missing"),
        (HEADER + "x\tERR000001\t\t2020\tz", 2, "", "z", "the line has 5 cells, the header 4: 'z' is one too many"),
        (HEADER + 'x\tERR000001\t"UK\t\ny\tERR000002\t\t', 2, "country", 'x\tERR000001\t"UK\t', "does not end on this"),
        (HEADER + 'x\tERR000001\t"U"K\t', 2, "country", 'x\tERR000001\t"U"K\t', "text follows a closing quote"),
        (HEADER.encode() + b"x\tERR000001\tS\xe3o\t", 2, "", "0xe3", "byte 14 (0xe3) is not UTF-8: save the table"),
        (HEADER.encode() + b"x\tERR0000\x0001\t\t", 2, "", "\0", "byte 10 is 0, so this is no text"),
        (HEADER + "x\tERR000001\t" + "z" * 10**6 + "\t", 2, "", "z" * 60 + "…", "100,000 bytes in its cell 3"),
        ("strain;accession\nx;ERR000001", 1, "", "strain;accession", "not by ;"),
        ("strain,read1,read2\nx,{f}/a_1.fastq.gz,", 2, "read2", "", "one file of the pair is missing, the mate of"),
        ("strain,read1,read2\nx,,{f}/a_2.fastq.gz", 2, "read1", "", "one file of the pair is missing"),
        ("strain,read1,read2\nx,,", 2, "read1", "", "there are no reads"),
        ("strain,read1,read2\nx,a_1.fastq.gz,{f}/a_2.fastq.gz", 2, "read1", "a_1.fastq.gz", "not an absolute path"),
        ("strain,read1,read2\nx,/etc/passwd,{f}/a_2.fastq.gz", 2, "read1", "/etc/passwd", "outside the directories"),
        ("strain,read1,read2\nx,{f}/a_1.fastq.gz,{f}/z", 2, "read2", "{f}/z", "does not exist"),
        ("strain,read1,read2\nx,{f}/a_1.fastq.gz,{f}/empty.fastq", 2, "read2", "{f}/empty.fastq", "is empty"),
        ("strain,read1,read2\nx,{f}/c_1.fastq.gz,{f}/a_2.fastq.gz", 2, "read1", "{f}/c_1.fastq.gz", "with 'this"),
        ("strain,read1,read2\nx,{f}/d_1.fastq.gz,{f}/a_2.fastq.gz", 2, "read1", "{f}/d_1.fastq.gz", "truncated"),
        ("strain,read1,read2\nx,{f}/a_2.fastq.gz,{f}/a_1.fastq.gz", 2, "read2", "{f}/a_1.fastq.gz", "the other order"),
        ("strain,read1,read2\nx,{f}/a_1.fastq.gz,{f}/a_1.fastq.gz", 2, "read2", "{f}/a_1.fastq.gz", "the same file"),
        ("strain,read1,read2\nx,{f}/a_1.fastq.gz,{f}/b_2.fastq.gz", 2, "read2", "{f}/b_2.fastq.gz", "do not pair"),
    ],
)  # fmt: skip
def test_each_error_has_its_place_its_value_and_the_way_out(
    folder: Path, content: str | bytes, line: int, column: str, value: str, why: str
) -> None:
    if isinstance(content, str):
        content, value = content.replace("{f}", str(folder)), value.replace("{f}", str(folder))
    _, problems = read(content)
    first = problems[0]
    assert (first.line, first.column) == (line, column)
    assert first.value == (value if len(value) <= 61 else f"{value[:60]}…")
    assert why in first.why
    assert str(first).startswith(f"line {line}")


def test_one_file_by_two_names_is_named_twice(folder: Path) -> None:
    lines = [
        f"x,{folder}/a_1.fastq.gz,{folder}/a_2.fastq.gz",
        f"y,{folder}/link_1.fastq.gz,{folder}/a_2.fastq.gz",
    ]
    _, problems = read("\n".join(["strain,read1,read2", *lines]))
    assert [(one.line, one.column) for one in problems] == [(3, "read1"), (3, "read2")]


def test_a_table_is_read_again_and_again_whatever_becomes_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new.tsv"
    path.write_text(HEADER)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=BytesIO(HEADER.encode())))
    with opened(str(path)) as table, opened("-") as same:
        path.unlink()
        for one in (table, same):
            assert [one.titles(), one.titles()] == [HEADER.split(), HEADER.split()]
        assert (table.name, same.name, table.sha256 == same.sha256) == ("new.tsv", "standard input", True)


def test_without_an_archive_accessions_are_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(celeryconfig, "crobot_archive_url", "")
    [problem] = read(HEADER + "x\tERR000001\t\t")[1]
    assert "set CROBOT_ARCHIVE_URL" in problem.why


def test_all_errors_are_named_not_only_the_first() -> None:
    lines = ["\tERR1\t\t2030", 'x\t"ERR', "y\tERR000001\t\t", "z\tERR000001\t\t\t\tmore", "z\tERR000001\t\t"]
    _, problems = read(HEADER + "\n".join(lines))
    assert sorted((one.line, one.column) for one in problems) == [
        (2, "accession"), (2, "strain"), (2, "year"), (3, "accession"), (5, ""), (6, "accession"),
    ]  # fmt: skip


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", ["\t", ","])
def test_tables_are_read_as_editors_and_spreadsheets_write_them(end: str, separator: str) -> None:
    lines = [
        "# of the hospital",
        separator.join(["Strain", " ACCESSION", "Source-Details", "Year"]),
        "",
        separator.join([' "the ""first"""', '"ERR000001; ERR000002"', '"a, b"', "2020"]).lstrip(),
        separator.join(["São 2", "ERR000003", "", "", "", ""]),
    ]
    rows, problems = read(b"\xef\xbb\xbf" + end.join(lines).encode())
    assert problems == []
    assert [(row.line, row.strain, row.accessions, row.values) for row in rows] == [
        (4, 'the "first"', ("ERR000001", "ERR000002"), ("a, b", 2020)),
        (5, "São 2", ("ERR000003",), (None, None)),
    ]


def test_files_and_runs_of_one_strain_may_be_on_several_lines(folder: Path) -> None:
    rows, problems = read(
        "strain,accession,read1,read2,ward\n"
        f"x,ERR000001,{folder}/a_1.fastq.gz,{folder}/a_2.fastq.gz,3\nx,,{folder}/b_1.fastq.gz,{folder}/b_2.fastq.gz,",
        ["ward"],
    )
    assert problems == []
    assert [len(row.read_sets) for row in rows] == [2, 1]
