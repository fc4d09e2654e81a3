"""Files of the SNP pipelines: checked on the head, read on the node, rewritten with plain names for tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from crobot_errors import BadInput, UnusableAssembly
from workers import storage
from workers.contigs import check_assembly, read_assembly
from workers.job import JobInput

#: gzipped FASTA is about a quarter of the text
UNZIPPED = 4
LINE = 80


def input_text(pipeline: str, job: JobInput, name: str) -> str:
    """The path that was sent under this name.

    Raises: BadInput if there is none.
    """
    path = job.inputs.get(name)
    if not isinstance(path, str) or not path:
        raise BadInput(f"{pipeline} needs the input {name!r}, the path of a file, not {path!r}")
    return path


def others(job: JobInput, *named: str) -> dict[str, str]:
    """All inputs but those named, in the order of their names: of an assembly each."""
    return {name: job.inputs[name] for name in sorted(job.inputs) if name not in named}


def labels_of(job: JobInput) -> dict[str, str]:
    """Names for people, by the name of the genome; those without one keep theirs.

    Raises: BadInput if they are no names.
    """
    labels = job.params.get("labels", {})
    if not isinstance(labels, dict) or not all(isinstance(one, str) for one in labels.values()):
        raise BadInput(f"the parameter labels is {labels!r:.80}: it must be names by barcode")
    return labels


def file_bytes(text: str) -> int:
    """Letters at most; 0 on a node that lacks the file, where the attempt ends anyway."""
    path = Path(text)
    try:
        size = path.stat().st_size
    except OSError:
        return 0
    return size * UNZIPPED if path.suffix == ".gz" else size


def check_fasta(text: str, roots: Sequence[Path]) -> None:
    """Look at a file's beginning.

    Raises: BadPath, BadInput.
    """
    check_assembly(storage.checked_file(text, roots))


def read_fasta(path: Path) -> dict[str, str]:
    """Contigs by name.

    Raises: UnusableAssembly naming the file and what is wrong with it.
    """
    try:
        return read_assembly(path)
    except BadInput as error:
        raise UnusableAssembly(str(error)) from error


def write_numbered(path: Path, contigs: Mapping[str, str]) -> Path:
    """Write FASTA with numbers from 0 as names: real ones may mislead a tool."""
    with path.open("w", encoding="ascii") as file:
        for at, sequence in enumerate(contigs.values()):
            lines = (sequence[start : start + LINE] for start in range(0, len(sequence), LINE))
            file.write(f">{at}\n" + "\n".join(lines) + "\n")
    return path
