"""The columns of the assembly and its strain; lengths in bases, coverage as mean depth, N as a share from 0 to 1."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from operator import attrgetter

from crobot_tasks.jobs.assembly import failed_measures
from crobot_tasks.maintenance.outdated import current_version
from crobot_tasks.results.line import Column, Line, Value
from db.species import outdated


def columns(metadata: Sequence[str]) -> list[Column]:
    """Return them; ``metadata`` are the names of the strains' attributes, which come after the strain.

    An attribute that is called as a column of ours is ``strain.NAME``.
    """
    taken = {column.name for column in _COLUMNS}
    titles = {name: f"strain.{name}" if name in taken else name for name in metadata}
    of_strain = [Column(title, partial(_attribute, name)) for name, title in titles.items()]
    return [_COLUMNS[0], *of_strain, *_COLUMNS[1:]]


def _plain(name: str, line: Line) -> Value:
    value: Value = attrgetter(name)(line.assembly)
    return value


def _attribute(name: str, line: Line) -> Value:
    value = (line.assembly.attributes or {}).get(name)
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _failed(line: Line) -> str:
    """Return which measures of the QA failed, each with its limit; empty if none did."""
    return failed_measures({"measures": line.assembly.measures or []})


def _created(line: Line) -> str:
    return str(line.assembly.created_at.isoformat(timespec="seconds"))


def _outdated(line: Line) -> str:
    """Say by what an assembly that a job made is outdated."""
    made = line.assembly.job_id is not None
    return outdated.why(line.assembly.pipeline_version, current_version("QAssembly")) if made else ""


_COLUMNS = (
    Column("strain", partial(_plain, "strain")),
    Column("strain_barcode", partial(_plain, "strain_barcode")),
    Column("barcode", partial(_plain, "barcode")),
    Column("in_use", partial(_plain, "in_use")),
    Column("status", partial(_plain, "status")),
    Column("qa", _failed),
    Column("top_species", partial(_plain, "top_species")),
    Column("bases", partial(_plain, "total_length")),
    Column("contigs", partial(_plain, "contig_number")),
    Column("n50", partial(_plain, "n50")),
    Column("coverage", partial(_plain, "coverage")),
    Column("n_share", partial(_plain, "low_qualities")),
    Column("created", _created),
    Column("version", partial(_plain, "pipeline_version")),
    Column("outdated", _outdated),
)
