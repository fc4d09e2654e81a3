"""The locus and the id that a record of an allele file names, by the file's own name or in the file's one style."""

from __future__ import annotations

import re
from pathlib import Path

from crobot_errors import BadInput
from workers.fasta import Record

#: aroC|12, aroC_12 and aroC-12, then aroC12: a locus may itself end in a digit (lmo0001_12), but STMMW_00011 and
#: lmo0001 name loci without an allele
NUMBERED = (
    re.compile(r"(?P<locus>.+)[|_-](?P<id>0|[1-9][0-9]*)"),
    re.compile(r"(?P<locus>.*(?:[^\W\d_]|'))(?P<id>0|[1-9][0-9]*)"),
)
#: aroC|9f86d081, or aroC_9f86d081: what stands after the bar, or else the last '_', only tells alleles apart
LABELLED = (re.compile(r"(?P<locus>[^|]+)\|(?P<id>[^|]+)"), re.compile(r"(?P<locus>[^|]+)_(?P<id>[^|_]+)"))
NUMBER = re.compile(r"[0-9]+")
#: an id alone, in the file of its locus
ALONE = re.compile(r"[0-9.]+")
MARKS = "|_-"
#: the way out for ids that are no numbers
CURE = "if the alleles' ids are no numbers, import them with --number-here"


class AlleleNames:
    """How one file names its alleles; its first record decides, and one that differs is refused with its line.

    The file's own name helps where a record's is ambiguous: lmo00011 in lmo0001.tfa is allele 1 of lmo0001.
    """

    def __init__(self, path: Path, numbered: bool) -> None:
        self.path, self.numbered = path, numbered
        self.stem = Path(path.name.removesuffix(".gz")).stem
        self._style: re.Pattern[str] | None = None
        self._begun = False

    def locus_and_id(self, record: Record) -> tuple[str, str]:
        """Return the locus and the id.

        Raises: BadInput naming file, line and name.
        """
        if not self._begun:
            self._style = self._style_of(record)
            self._begun = True
        found = self._style.fullmatch(record.name) if self._style else None
        locus, allele = (found["locus"], found["id"]) if found else (self.stem, self._id_by_stem(record.name))
        if (self._style and not found) or not allele:
            raise self._unlike(record)
        if self.numbered and not NUMBER.fullmatch(allele):
            raise BadInput(
                f"{self._at(record)}: the id {allele!r} of an allele of {locus} is not a number; {CURE}"
                f" (if the file has several loci, give it a name that begins none of theirs)"
            )
        return locus, allele

    def _style_of(self, record: Record) -> re.Pattern[str] | None:
        """Return the first style that the first record has; none if the file's name says the locus."""
        if self._id_by_stem(record.name):
            return None
        for style in NUMBERED if self.numbered else LABELLED:
            if style.fullmatch(record.name):
                return style
        raise self._unlike(record)

    def _id_by_stem(self, name: str) -> str:
        """Return the id in a name that is the file's with an id, or an id alone; empty if it is neither."""
        rest = name.removeprefix(self.stem)
        if rest == name:
            return name if ALONE.fullmatch(name) else ""
        return rest.lstrip(MARKS) if rest[:1] in MARKS else rest if NUMBER.fullmatch(rest) else ""

    def _unlike(self, record: Record) -> BadInput:
        if not self.numbered:
            told = "does not name a locus and an allele (expected for example aroC|9f86d081)"
        else:
            told = f"does not name an allele (expected for example {self.stem}_12); {CURE}"
        if self._begun:
            told += "; the records before it are named otherwise"
        return BadInput(f"{self._at(record)}: {record.name!r} {told}")

    def _at(self, record: Record) -> str:
        return f"{self.path}, line {record.line}"
