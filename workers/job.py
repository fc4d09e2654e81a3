"""What an attempt is asked to do and what it may use: plain values that every part of a node shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Resources:
    """What one attempt asks for."""

    cores: int
    memory_bytes: int
    disk_bytes: int
    time_s: int


@dataclass(frozen=True)
class JobInput:
    """What was sent: files and values by name, and read sets (an accession, or two files, each)."""

    inputs: dict[str, Any] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    reads: list[list[str]] = field(default_factory=list)


def data_of(job: JobInput) -> list[str]:
    """Name what the job reads, accessions and paths, each once; values that are neither are passed over."""
    files = [value for value in job.inputs.values() if isinstance(value, str)]
    return sorted({one for read_set in job.reads for one in read_set} | set(files))
