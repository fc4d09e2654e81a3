"""Sending reads: their strain, their read sets and their assembly job come into being together, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import celeryconfig
from crobot_tasks.broker.folders import roots
from crobot_tasks.jobs import AssemblyJob
from db.engine import retrying, transaction
from db.known_species import find_species
from db.species.strains import add_strain_with_reads
from workers.short_reads.archive_url import address, checked_template
from workers.short_reads.reads import check_read_sets, is_accession


def send_reads(
    database: str,
    strain: str,
    reads: Sequence[Sequence[str]],
    *,
    user_id: int = 0,
    params: dict[str, Any] | None = None,
    again: bool = False,
    **request: Any,
) -> AssemblyJob:
    """Send reads of a strain to be assembled; returns the job that was sent, or the live one for the same reads.

    What was assembled before, by the same version with the same parameters, is the answer, unless ``again`` is set.

    ``reads`` are read sets: ``[accession]`` or ``[read1, read2]`` (absolute paths). ``params`` are those of QAssembly;
    ``request`` takes ``workgroup``, ``batch``, ``priority`` and ``version``.

    Raises:
        BadInput: it cannot work; nothing was stored.
    """
    with transaction() as session:
        find_species(session, database)
    check_read_sets(reads, roots())
    check_archive(reads)

    def send() -> AssemblyJob:
        with transaction(database) as session:
            added = [add_strain_with_reads(session, strain, read_set, user_id) for read_set in reads]
            trace_ids = [each.trace_id for each in added]
            job = AssemblyJob(
                database=database, trace_ids=trace_ids, params=params, user_id=user_id, **request
            )
            job.send_job(again=again)
            return job

    return retrying(send)


def check_archive(reads: Sequence[Sequence[str]]) -> None:
    """Let no job be sent for an address that cannot be.

    Raises:
        BadInput: the archive's address, as this machine knows it, is wrong, or has no place for an accession.
    """
    template = celeryconfig.crobot_archive_url
    accessions = [read_set[0] for read_set in reads if is_accession(read_set)]
    if template and accessions:
        checked_template(template, "CROBOT_ARCHIVE_URL")
        for accession in accessions:
            address(template, accession, 1)
