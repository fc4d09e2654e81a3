"""nomenclature: assembly + scheme → the allele of every locus and their positions; the head numbers what is new."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from crobot_errors import BadInput, BadPath, UnusableAssembly
from workers import storage
from workers.contigs import check_assembly, circular_contigs, read_assembly
from workers.nomenclature import alleles, locus_search
from workers.nomenclature.alleles import Call
from workers.nomenclature.anchored import anchored_places
from workers.nomenclature.circular import once, read_around
from workers.nomenclature.gff import gff_lines
from workers.nomenclature.nearest import candidates, nearest_place
from workers.nomenclature.places import OUTFMT, Hit, Place, Region, exact_places, parse_hits, regions
from workers.nomenclature.schemes import DESCRIPTION, REPRESENTATIVES, Locus, Scheme, read_scheme
from workers.pipelines.base import Attempt, JobInput, Outcome, Pipeline, Resources, Tool

BLASTN = Tool("blastn", "blastn", ("-version",), "2.6", "ncbi-blast+")
#: besides what the assembly and the scheme need, by the size of each
BASE_MEMORY_BYTES, MEMORY_A_BYTE = 500_000_000, 20
BASE_DISK_BYTES, DISK_A_BYTE = 200_000_000, 10
#: a byte of representatives, measured with 3,000 loci (3 MB) that all have new alleles: 460 MB for blastn, 500 MB
#: for the worker itself, and 60 MB of scratch files
MEMORY_A_SCHEME_BYTE, DISK_A_SCHEME_BYTE = 250, 40
#: the same took 100 s on half a core; 7 s if nearly all alleles are known
BYTES_A_SECOND, TIME_S_A_MB = 400_000, 600
#: gzipped assemblies are about a quarter of the text
UNZIPPED = 4
TIME_S = 1800
PARAMS = ("scheme", "scheme_dir", "prefix")


class Nomenclature(Pipeline):
    """Find every locus of a scheme in an assembly.

    A few representatives of each locus are searched with BLAST, which says where to look. Whether a known
    allele lies there is decided letter by letter, among all alleles: no limit on the number of BLAST's hits
    can hide the right one. Most new alleles differ from a known one in single letters, and are compared so, too.
    Only what is left is aligned with the known alleles most like it.
    """

    name = "nomenclature"
    version = "5.0"
    tools = (BLASTN,)
    expected_s = 2.0

    def resources(self, job: JobInput) -> Resources:
        """By the size of the assembly, and of the scheme."""
        size, scheme = _size_bytes(job), _scheme_bytes(job)
        if _is_search(job):
            return locus_search.resources(size)
        return Resources(
            cores=1,
            memory_bytes=BASE_MEMORY_BYTES + MEMORY_A_BYTE * size + MEMORY_A_SCHEME_BYTE * scheme,
            disk_bytes=BASE_DISK_BYTES + DISK_A_BYTE * size + DISK_A_SCHEME_BYTE * scheme,
            time_s=TIME_S + TIME_S_A_MB * scheme // 10**6,
        )

    def expected_seconds(self, job: JobInput) -> float:
        """By the size of the scheme: MLST takes seconds, thousands of loci are no short job."""
        return self.expected_s + _scheme_bytes(job) // BYTES_A_SECOND

    def validate(self, job: JobInput, roots: Sequence[Path]) -> None:
        """Check the assembly's beginning, and that the scheme has been exported; or a locus search's query."""
        if _is_search(job):
            locus_search.check(job, roots)
            return
        params = _checked_params(job)
        check_assembly(storage.checked_file(_assembly(job), roots))
        directory = storage.below_roots(params["scheme_dir"], roots)
        if not (directory / DESCRIPTION).is_file():
            raise BadPath(f"{params['scheme_dir']!r} holds no exported scheme: {DESCRIPTION} is not there")

    def run(self, attempt: Attempt) -> Outcome:
        """Search, decide, write."""
        path = attempt.input_file(_assembly(attempt.job))
        contigs = _read_assembly(path)
        if _is_search(attempt.job):
            circular = circular_contigs(path, contigs)
            return Outcome(*locus_search.search(attempt, BLASTN, contigs, circular))
        params = _checked_params(attempt.job)
        attempt.input_file(str(Path(params["scheme_dir"], DESCRIPTION)))
        scheme = read_scheme(Path(params["scheme_dir"]))
        attempt.log(f"scheme {scheme.name} {scheme.version}: {len(scheme.loci)} loci; {len(contigs)} contigs")
        calls = _calls(attempt, scheme, contigs, circular_contigs(path, contigs))
        counts = {status: sum(each.status is status for each in calls) for status in alleles.Status}
        attempt.log(", ".join(f"{count} {status}" for status, count in counts.items() if count))
        gff = attempt.output_dir / "alleles.gff"
        lengths = {name: len(sequence) for name, sequence in contigs.items()}
        gff.write_text("".join(f"{line}\n" for line in gff_lines(calls, lengths, params["prefix"])))
        return Outcome(alleles.results(scheme.name, scheme.version, calls), {"gff": str(gff)})


def _is_search(job: JobInput) -> bool:
    """Whether the job looks for a user's sequences, and not for a scheme's loci."""
    mode = job.params.get("mode")
    if mode not in (None, locus_search.MODE):
        raise BadInput(f"nomenclature has no mode {mode!r}: leave it out, or ask for {locus_search.MODE!r}")
    return mode is not None


def _checked_params(job: JobInput) -> dict[str, str]:
    for name in PARAMS:
        value = job.params.get(name)
        if not isinstance(value, str) or not value:
            raise BadInput(f"nomenclature needs the parameter {name}, not {value!r}")
    return {name: job.params[name] for name in PARAMS}


def _assembly(job: JobInput) -> str:
    return locus_search.file_of(job, "assembly")


def _size_bytes(job: JobInput) -> int:
    """Bases at most; 0 on a node that lacks the file, where the attempt ends anyway."""
    path = Path(_assembly(job))
    try:
        size = path.stat().st_size
    except OSError:
        return 0
    return size * UNZIPPED if path.suffix == ".gz" else size


def _scheme_bytes(job: JobInput) -> int:
    """Size of the scheme's representatives: about one allele a locus."""
    try:
        return Path(str(job.params.get("scheme_dir")), REPRESENTATIVES).stat().st_size
    except OSError:
        return 0


def _read_assembly(path: Path) -> dict[str, str]:
    try:
        return read_assembly(path)
    except BadInput as error:
        raise UnusableAssembly(str(error)) from error


def _calls(
    attempt: Attempt, scheme: Scheme, contigs: Mapping[str, str], circular: Collection[str]
) -> list[Call]:
    """One call for each locus, in the scheme's order."""
    loci = {locus.name: locus for locus in scheme.loci}
    longest = max((locus.longest for locus in scheme.loci), default=0)
    places = search(attempt, scheme, read_around(contigs, circular, longest))
    settled = exact_places(places, scheme.alleles())
    unknown = _others(places, settled)
    if unknown:
        settled |= anchored_places(unknown, scheme.alleles, loci)
        unknown = _others(places, settled)
    if unknown:
        settled |= _nearest(attempt, scheme, loci, unknown)
    found: dict[str, list[Place]] = defaultdict(list)
    for region, place in settled.items():
        found[region.locus].append(place)
    return [alleles.call(locus, once(found[locus.name], contigs)) for locus in scheme.loci]


def _others(places: Mapping[str, Iterable[Region]], settled: Container[Region]) -> list[Region]:
    return [region for each in places.values() for region in each if region not in settled]


def search(attempt: Attempt, scheme: Scheme, contigs: Mapping[str, str]) -> dict[str, list[Region]]:
    """Where each locus may lie, by its representatives."""
    loci = {locus.name: locus for locus in scheme.loci}
    return regions(_blast(attempt, "contigs", scheme.representatives, contigs, strand="both"), contigs, loci)


def _nearest(
    attempt: Attempt, scheme: Scheme, loci: Mapping[str, Locus], places: Sequence[Region]
) -> dict[Region, Place]:
    """What lies at the places without a known allele, by the known ones that are most like it."""
    alike = candidates(places, scheme.alleles())
    query = attempt.scratch_dir / "alleles.fasta"
    chosen = {
        (region.locus, number): sequence for region in alike for number, sequence in alike[region].items()
    }
    with query.open("w", encoding="ascii") as file:
        file.writelines(f">{locus}_{number}\n{bases}\n" for (locus, number), bases in chosen.items())
    hits: dict[int, list[Hit]] = defaultdict(list)
    sequences = {str(at): region.sequence for at, region in enumerate(places)}
    for hit in _blast(attempt, "places", query, sequences, strand="plus"):
        at = int(hit.subject)
        if places[at].locus == hit.locus and hit.number in alike[places[at]]:
            hits[at].append(hit)
    return {
        places[at]: nearest_place(places[at], aligned, alike[places[at]], loci[places[at].locus])
        for at, aligned in sorted(hits.items())
    }


def _blast(
    attempt: Attempt, name: str, query: Path, subjects: Mapping[str, str], strand: str
) -> Iterable[Hit]:
    """Align alleles with sequences, which get numbers as names: real ones may mislead BLAST."""
    names = list(subjects)
    subject, table = (attempt.scratch_dir / f"{name}.{suffix}" for suffix in ("fasta", "tsv"))
    with subject.open("w", encoding="ascii") as file:
        file.writelines(f">{at}\n{sequence}\n" for at, sequence in enumerate(subjects.values()))
    options: dict[str, Any] = {
        "-query": query,
        "-subject": subject,
        "-task": "blastn",
        "-strand": strand,
        "-word_size": 15,
        # repeats within a locus are part of it
        "-dust": "no",
        "-evalue": "1e-10",
        "-perc_identity": 80,
        # the default of 500 would hide contigs
        "-max_target_seqs": max(500, len(names)),
        "-outfmt": OUTFMT,
    }
    attempt.run_tool(BLASTN, [str(word) for option in options.items() for word in option], stdout=table)
    with table.open(encoding="ascii") as lines:
        yield from parse_hits(lines, names)
