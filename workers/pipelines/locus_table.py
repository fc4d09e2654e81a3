"""locus_table: a user's sequences and many assemblies → one table of what is where, all hits, and a picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crobot_errors import BadInput, NodeBroken, UnusableAssembly
from workers import storage
from workers.contigs import circular_contigs, read_assembly
from workers.fasta import Record
from workers.nomenclature import locus_search
from workers.nomenclature.locus_search import Found, file_of, limits_of
from workers.nomenclature.presence import Presence
from workers.nomenclature.query import parse_query, read_query_text
from workers.pipelines.base import Attempt, JobInput, Outcome, Pipeline, Resources
from workers.pipelines.ms_tree import PYTHON
from workers.pipelines.nomenclature import BLASTN
from workers.snp.inputs import file_bytes
from workers.trees.profiles import read_values

#: inputs that are no assemblies
NAMED = ("query", "strains")
MOST_ASSEMBLIES = 5_000
#: measured with genomes of 5 Mb: 0.5 s each for one gene, 0.9 s for a hundred, 50 to 130 MB for BLAST; a picture of
#: a million cells takes 600 MB
BASE_MEMORY_BYTES, MEMORY_A_BYTE = 1_000_000_000, 20
BASE_DISK_BYTES, DISK_A_BYTE, DISK_A_PAIR = 200_000_000, 10, 600
BASE_TIME_S, TIME_S_EACH, TYPICAL_S_EACH = 1800, 30, 0.5
FILES = {"table": "presence.tsv", "hits": "hits.tsv", "json": "presence.json"}
PICTURES = {"svg": "presence.svg", "png": "presence.png"}


class LocusTable(Pipeline):
    """Search the same sequences in one assembly after the other, as a locus search does.

    Inputs: ``query``, each assembly under its barcode, and ``strains`` (optional), a table of barcodes and the names of
    their strains. Parameters: ``min_identity`` and ``min_coverage``, in percent. An assembly that is damaged or gone
    does not stop the others: the table says why it was not searched.
    """

    name = "locus_table"
    version = "1.0"
    tools = (BLASTN, PYTHON)
    expected_s = 10.0

    def resources(self, job: JobInput) -> Resources:
        """By the largest assembly, and how many there are."""
        assemblies = _assemblies(job)
        size = max(map(file_bytes, assemblies.values()), default=0)
        # a query of FASTA has a base a byte; a sequence has a thousand as a rule
        sequences = 1 + file_bytes(file_of(job, "query")) // 1_000
        pairs = min(sequences, 500) * len(assemblies)
        return Resources(
            cores=1,
            memory_bytes=BASE_MEMORY_BYTES + MEMORY_A_BYTE * size,
            disk_bytes=BASE_DISK_BYTES + DISK_A_BYTE * size + DISK_A_PAIR * pairs,
            time_s=BASE_TIME_S + TIME_S_EACH * len(assemblies),
        )

    def expected_seconds(self, job: JobInput) -> float:
        """By the number of assemblies."""
        return self.expected_s + TYPICAL_S_EACH * len(_assemblies(job))

    def validate(self, job: JobInput, roots: Sequence[Path]) -> None:
        """Check the query, and where the assemblies are; whether they are whole is seen when they are searched."""
        assemblies = _assemblies(job)
        if not 0 < len(assemblies) <= MOST_ASSEMBLIES:
            raise BadInput(
                f"locus_table searches 1 to {MOST_ASSEMBLIES:,} assemblies, not {len(assemblies):,}: send it in parts"
            )
        parse_query(read_query_text(storage.checked_file(file_of(job, "query"), roots)))
        limits_of(job)
        if "strains" in job.inputs:
            storage.checked_file(file_of(job, "strains"), roots)
        for text in assemblies.values():
            storage.place_below_roots(text, roots)

    def run(self, attempt: Attempt) -> Outcome:
        """Search, and draw what was found."""
        queries = locus_search.read_queries(attempt)
        files = {name: attempt.output_dir / file for name, file in FILES.items()}
        with Presence(queries).write_to(files["table"], files["hits"], files["json"]) as presence:
            _search_each(attempt, presence)
            presence.finish()
        if not any(row.error is None for row in presence.rows):
            raise UnusableAssembly(f"none of the assemblies can be searched: {presence.rows[0].error}")
        files |= _drawn(attempt, presence)
        least = dict(zip(("min_identity", "min_coverage"), limits_of(attempt.job), strict=True))
        return Outcome(presence.summary() | least, {name: str(path) for name, path in files.items()})


def _assemblies(job: JobInput) -> dict[str, str]:
    """The assemblies by barcode, in the order in which they were sent.

    Raises: BadInput if one is no path.
    """
    return {name: file_of(job, name) for name in job.inputs if name not in NAMED}


def _search_each(attempt: Attempt, presence: Presence) -> None:
    strains = (
        read_values(attempt.input_file(file_of(attempt.job, "strains")))
        if "strains" in attempt.job.inputs
        else {}
    )
    assemblies = _assemblies(attempt.job)
    for at, (barcode, text) in enumerate(assemblies.items()):
        attempt.tell(current=at, total=len(assemblies), assembly=barcode)
        strain = strains.get(barcode, barcode)
        try:
            hits = _searched(attempt, presence.queries, text)
        except UnusableAssembly as error:
            presence.not_searched(barcode, strain, error.message)
            attempt.log(f"{barcode}: {error.message}")
        else:
            presence.searched(barcode, strain, hits)
    attempt.tell(current=len(assemblies), total=len(assemblies))


def _searched(attempt: Attempt, queries: Sequence[Record], text: str) -> list[Found]:
    """The hits in one assembly.

    Raises: UnusableAssembly if it is damaged, or was removed; NodeBroken if its storage is not mounted here.
    """
    if not Path(text).exists() and _is_mounted(attempt, text):
        raise UnusableAssembly(f"{text} is not there any more")
    try:
        path = attempt.input_file(text)
        contigs = read_assembly(path)
        circular = circular_contigs(path, contigs)
    except BadInput as error:
        raise UnusableAssembly(str(error)) from error
    return locus_search.hits_in(attempt, BLASTN, queries, contigs, circular)


def _is_mounted(attempt: Attempt, text: str) -> bool:
    """Whether the folder that jobs may read from, and in which the file was, is here with its content."""
    roots = [root for root in attempt.roots if Path(text).is_relative_to(root)]
    root = max(roots, key=lambda one: len(one.parts), default=None)
    try:
        return root is not None and any(root.iterdir())
    except OSError as error:
        raise NodeBroken(f"{root} cannot be read on this node: {error}") from error


def _drawn(attempt: Attempt, presence: Presence) -> dict[str, Path]:
    """Draw the table, in a process of its own."""
    pictures = {name: attempt.output_dir / file for name, file in PICTURES.items()}
    source = attempt.scratch_dir / "presence.json"
    source.write_text(json.dumps(_shown(attempt.job, presence)), encoding="utf-8")
    attempt.run_tool(PYTHON, ["-m", "workers.nomenclature.presence_picture", source, *pictures.values()])
    return pictures


def _shown(job: JobInput, presence: Presence) -> dict[str, Any]:
    identity, coverage = limits_of(job)
    several = f"{len(presence.queries):,} sequences"
    what = presence.queries[0].name if len(presence.queries) == 1 else several
    return {
        "title": f"{what} in {len(presence.rows):,} {'assembly' if len(presence.rows) == 1 else 'assemblies'}",
        "limits": f"at least {identity:g} % identical over {coverage:g} % of its length",
        "queries": [query.name for query in presence.queries],
        "rows": [[row.strain, row.states] for row in presence.rows],
    }
