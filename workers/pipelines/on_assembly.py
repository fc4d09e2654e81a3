"""What pipelines share that take one assembly: its parameters and its check on the head."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crobot_errors import BadInput
from workers import storage
from workers.assembling.prepared import Prepared, prepare
from workers.contigs import check_assembly
from workers.pipelines.base import Attempt, JobInput, Outcome, Pipeline

PREFIX = re.compile(r"[A-Za-z0-9_]{1,64}")
#: gzipped assemblies are about a quarter of the text
UNZIPPED = 4
#: of which the size is not known
TYPICAL_BYTES = 5_000_000


class OnAssembly(Pipeline):
    """A pipeline with the input ``assembly`` and the parameters ``prefix``, ``genus`` and ``references``."""

    def validate(self, job: JobInput, roots: Sequence[Path]) -> None:
        """Check the parameters and the assembly's beginning."""
        if job.reads:
            raise BadInput(f"{self.name} takes an assembly, no reads")
        self.check_params(job.params)
        check_assembly(storage.checked_file(self.assembly(job), roots))

    def check_params(self, params: dict[str, Any]) -> None:
        """Check what all of these pipelines are given; a pipeline with parameters of its own checks those, too."""
        prefix = params.get("prefix")
        if not isinstance(prefix, str) or not PREFIX.fullmatch(prefix):
            raise BadInput(f"{self.name} needs the parameter prefix, the assembly's barcode, not {prefix!r}")

    def run(self, attempt: Attempt) -> Outcome:
        """Prepare the assembly, then do the work."""
        self.check_params(attempt.job.params)
        return self.run_on(attempt, prepare(attempt, self.assembly(attempt.job)))

    @abstractmethod
    def run_on(self, attempt: Attempt, assembly: Prepared) -> Outcome:
        """Do the work.

        Raises: AttemptError.
        """

    def assembly(self, job: JobInput) -> str:
        """The path that was sent.

        Raises: BadInput.
        """
        path = job.inputs.get("assembly")
        if not isinstance(path, str) or not path:
            raise BadInput(f"{self.name} needs the input 'assembly', the path of a FASTA file, not {path!r}")
        return path

    def size_bytes(self, job: JobInput) -> int:
        """Bases at most; a typical number on a node that lacks the file, where the attempt ends anyway."""
        path = Path(self.assembly(job))
        try:
            size = path.stat().st_size
        except OSError:
            return TYPICAL_BYTES
        return size * UNZIPPED if path.suffix == ".gz" else size
