"""How tables, matrices and facts use the room that they have."""

from __future__ import annotations

import pytest

from crobot_tasks.cli.columns import Column, Kind, arrange
from crobot_tasks.cli.output import UNBOUNDED, Printer
from crobot_tasks.cli.tables import Matrix, facts, table

COLUMNS = (
    Column("Job", Kind.ID),
    Column("State", importance=9),
    Column("Tag", Kind.NAME, importance=7),
    Column("Bases", Kind.NUMBER, importance=3),
    Column("Note", Kind.TEXT),
)
NOTE = "the job needs 64 cores on calc01, calc02, calc03"
ROW = (1234567, "WAITING", "SAL_AA0001AA_AS#reads_1.fastq.gz", 4857432, NOTE)


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (92, ["1234567  WAITING  SAL_AA0001AA_AS…ads_1.fastq.gz  4,857,432  the job needs 64 cores on",
              " " * 61 + "calc01, calc02, calc03"]),
        (60, ["1234567  WAITING  SAL_AA0001AA_AS…eads_1.fastq.gz  4,857,432", f"    {NOTE}"]),
        (38, ["1234567  WAITING  SAL_AA0001….fastq.gz", "    the job needs 64 cores on calc01,",
              "    calc02, calc03", "(no room for Bases: --wide shows all)"]),
    ],
)  # fmt: skip
def test_names_shrink_then_texts_go_below_then_columns_are_left_out(width: int, lines: list[str]) -> None:
    assert table(COLUMNS, [ROW]).lines(width)[1:] == lines


def test_a_row_without_end_is_complete_and_its_numbers_are_as_people_read_them() -> None:
    (line,) = table(COLUMNS, [ROW]).lines(UNBOUNDED)[1:]
    assert line == "  ".join(["1234567", *ROW[1:3], "4,857,432", ROW[4]])  # type: ignore[list-item]


def test_an_empty_column_goes_first_and_is_not_missed() -> None:
    layout = arrange(COLUMNS, [["1", "", "x" * 12, "1,200", ""]], 24)
    assert (list(layout.beside), layout.left_out) == ([0, 2, 3], [])


def test_a_long_text_is_said_once_as_long_as_it_does_not_change() -> None:
    notes = ["the job needs 64 cores on calc01", "the job needs 64 cores on calc01", "short", "short"]
    lines = table(("Job", Column("Note", Kind.TEXT)), [[1, note] for note in notes]).lines(80)
    assert [line[5:] for line in lines[1:]] == [notes[0], "as above", "short", "short"]


def test_the_columns_of_a_matrix_go_on_below() -> None:
    columns = [Column("Locus"), *(Column(f"locus{number}", Kind.ID) for number in range(5))]
    parts = [part.lines(24) for part in Matrix(columns, [["Allele", *range(5)]]).split(24)]
    assert parts == [
        ["Locus   locus0  locus1", "Allele       0       1"],
        ["Locus   locus2  locus3", "Allele       2       3"],
        ["Locus   locus4", "Allele       4"],
    ]


def test_text_from_the_database_is_never_taken_for_markup() -> None:
    assert "[red]no[/red]" in table(("Message",), [["[red]no[/red]"]]).lines(80)[1]


def test_what_is_empty_is_left_out_of_the_facts() -> None:
    out = Printer(width=80)
    with out.capture() as captured:
        out.print(facts({"Node": None, "Tag": "", "Species": [], "Jobs": 0}))
    assert captured.get().split() == ["Jobs", "0"]
