"""What the commands print of fixed rows, at any width; `python -m tests.unit.crobot_tasks.cli.scenes` writes the
golden files again, on purpose."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from crobot_tasks.cli import output
from crobot_tasks.cli.access import webhooks
from crobot_tasks.cli.analyses import analyses, projects
from crobot_tasks.cli.analyses.results import show_analysis
from crobot_tasks.cli.batches import overviews, report
from crobot_tasks.cli.maintenance import updates
from crobot_tasks.cli.show import explain, job, jobs, nodes, policy, results, simulate, status
from crobot_tasks.cli.species import assemblies, assembly_loci, schemes, species
from crobot_tasks.cli.start import servers, tables
from crobot_tasks.cli.steer import pause
from crobot_tasks.maintenance.updating import Update
from crobot_tasks.operate import amounts
from crobot_tasks.operate.explain import Explanation
from crobot_tasks.simulator.report import Report, Series, Stretch, Waits

GOLDEN = Path(__file__).parent / "golden"
WIDTHS = (80, 160)
NOW = datetime(2026, 11, 25, 14, 21, 32, tzinfo=UTC)
PIPELINES = ("QAssembly", "nomenclature", "assembly_stats", "SeroPred", "CRISPR", "prokka_annotation", "refMasker",
             "refMapper", "refMapper_matrix", "matrix_phylogeny", "ms_tree", "locus_table", "probe")  # fmt: skip
OFFERED = dict(zip(PIPELINES, ("4.1", "4.1", *["1.0"] * 11), strict=True))
FOLDER = "/srv/crobot/storage/outputs/1234/1234567/1"
NO_ROOM = (
    "no node offers QAssembly: has 2 cores in all, the job needs 64 cores on calc01, calculation-node-02"
)
ESCAPES = "esc\x1b[31mred[bold]x"

Scene = Callable[[Console], None]


def ago(**length: float) -> datetime:
    """A time before the fixed one."""
    return NOW - timedelta(**length)


def _job(number: int, state: str, pipeline: str, tag: str, **more: Any) -> dict[str, Any]:
    usual = {"id": number, "state": state, "pipeline": pipeline, "version": "4.1", "database": "senterica", "tag": tag,
             "node": "calculation-node-02", "sent_at": ago(minutes=53), "run_s": 7500.0, "held_at": None,
             "hold_reason": None, "why": "", "message": None, "progress": None}  # fmt: skip
    return usual | more


JOBS = [
    _job(1234567, "WAITING", "QAssembly", "ERR0000001,ERR0000002", node=None, run_s=None, why=NO_ROOM),
    _job(1234566, "WAITING", "QAssembly", "ERR0000003", node=None, run_s=None, why=NO_ROOM),
    _job(1234565, "RUNNING", "prokka_annotation", "SAL_AA0001AA_AS", run_s=80.4, sent_at=ago(seconds=90),
         progress={"state": "PROGRESS", "meta": {"current": 1200, "total": 4100, "gene": "dnaA"}}),
    _job(1234564, "CANCELLED", "nomenclature", ESCAPES, message="nobody wants it, after 2 h 5 min of waiting"),
    _job(1234563, "COMPLETE", "QAssembly", "SAL_AA0002AA_TR#agona_1.fastq.gz#agona_2.fastq.gz", sent_at=ago(days=3),
         message="failed QA: bases 243,909 bp (limit 4,000,000 to 5,800,000)"),
]  # fmt: skip


def _node(name: str, state: str, **more: Any) -> dict[str, Any]:
    usual = {"name": name, "state": state, "drain_reason": None, "quarantine_reason": None, "quarantined_at": None,
             "cores": 16, "cores_used": 12, "memory_bytes": 64 * 2**30, "live_attempts": 3, "pipelines": OFFERED,
             "unavailable": {}, "heard_s_ago": 0.6}  # fmt: skip
    return usual | more


STOPPING = dict.fromkeys(PIPELINES, "the node is stopping")
NODES = [
    _node("calc01", "up"),
    _node("calculation-node-02.genomics.example.org", "drained", drain_reason="new disk", cores_used=20),
    _node(
        "calc03",
        "quarantined",
        quarantined_at=ago(hours=2),
        quarantine_reason="5 jobs failed for its own reasons",
    ),
    _node("calc04", "up", unavailable=dict.fromkeys(("CRISPR", "SeroPred"), "pilercr is not installed")),
    _node("calc05", "silent", pipelines={}, unavailable=STOPPING, heard_s_ago=7500.0),
    _node("calc06", "silent", pipelines={}, unavailable=STOPPING, heard_s_ago=7505.0),
]
PAUSED = [{"kind": "pipeline", "name": "CRISPR", "paused_at": ago(hours=30), "text": "pipeline CRISPR is paused: wrong",
           "reason": "minced gives wrong arrays since its last version, as the curators found"}]  # fmt: skip

_QA = {
    "verdict": "fail",
    "failed": ["bases"],
    "measures": [
        {
            "measure": "bases",
            "value": 243_909,
            "unit": "bp",
            "limit": "4,000,000 to 5,800,000",
            "passed": False,
        },
        {"measure": "N50", "value": 29_979, "unit": "bp", "limit": "> 20,000", "passed": True},
        {"measure": "species", "value": None, "unit": "%", "limit": "not checked", "passed": None},
    ],
}
_ALLELES = {f"STMMW_{number:05}": number * 37 for number in range(1, 22)}
_USAGE = {"cpu_s": 6.7, "peak_memory_bytes": 280_000_000}


def _attempt(number: int, **more: Any) -> dict[str, Any]:
    usual = {"number": number, "node": "calculation-node-02", "reason": "1 of 4 cores free",
             "routed_at": ago(minutes=53),
             "started_at": ago(minutes=52), "ended_at": ago(minutes=51), "outcome": "node_lost", "reports_ignored": 0,
             "message": "the node was silent for longer than its lease", "usage": None}  # fmt: skip
    return usual | more


ATTEMPTS = [_attempt(1), _attempt(2), _attempt(3, outcome="ok", message="", usage=_USAGE, reports_ignored=1)]
JOB: dict[str, Any] = _job(1234563, "COMPLETE", "QAssembly", "SAL_AA0002AA_TR#agona_1.fastq.gz") | {
    "outcome": "ok", "type": "QAssembly", "batch": "reassembly-2026", "user_id": 12, "workgroup": "curators",
    "priority": 5, "cores": 2, "memory_bytes": 2 * 2**30, "disk_bytes": 2**30, "time_limit_s": 3700, "outdated": "",
    "started_at": ago(minutes=52), "finished_at": ago(minutes=10), "resent_from": 1234001, "output_location": FOLDER,
    "message": "failed QA: bases 243,909 bp (limit 4,000,000 to 5,800,000)", "attempts": ATTEMPTS,
    "files": [{"name": "assembly", "path": f"{FOLDER}/{'a-long-folder/' * 5}assembly.fasta", "bytes": 4_857_432},
              {"name": "qa", "path": f"{FOLDER}/qa.json", "bytes": None}],
    "followers": [{"id": 1234570, "state": "COMPLETE", "type": "nomenclature:MLST_Achtman", "pipeline": "nomenclature",
                   "tag": "SAL_AA0001AA_AS", "node": "calculation-node-02"}],
    "schemes": [{"scheme": "rMLST", "st_barcode": "SAL_AA0013AA_ST", "outdated": "",
                 "results": {"ST": 1313, "scheme_version": "1.a53de04e", "alleles": _ALLELES,
                             "missing": [f"BACT{number:06}" for number in range(1, 13)]}}],
    "result": {
        "results": {"qa": _QA, "statistics": {"largest": 47_910, "mean_depth": 48.2, "gc_share": 0.518},
                    "assembler": "megahit"},
        "usage": {"tools": [{"name": "megahit", "wall_s": 19.2, "cpu_s": 4.1, "peak_memory_bytes": 280_000_000}]},
        "tools": {"megahit": "1.2.9"},
        "inputs": {"/srv/crobot/reads/2026/agona_1.fastq.gz": {"bytes": 2_500_000, "sha256": "a509f1f7" * 8}},
    },
}  # fmt: skip

RUNNING: dict[str, Any] = JOB | {
    "state": "RUNNING", "outcome": None, "message": None, "finished_at": None, "run_s": None, "resent_from": None,
    "progress": {"state": "PROGRESS", "meta": {"current": 3, "total": 17, "strain": "SAL_AA0003AA_AS"}},
    "attempts": [_attempt(1, ended_at=None, outcome=None, message=None)],
    "files": [], "followers": [], "schemes": [], "result": None, "output_location": None,
}  # fmt: skip

SEROVAR: dict[str, Any] = {
    "qc": {"status": "WARNING", "messages": ["WARNING: only 297 of 330 cgMLST loci found, which is less than usual"]},
    "serovar": "Agona", "serogroup": "B", "O": "1,4,[5],12", "H1": "f,g,s", "H2": "", "method": "SISTR 1.1.3",
    "cgmlst_match": {"genome": "ERR178863", "serovar": "Agona", "distance": 0.0273, "loci_found": 1330},
    "genes": [{"gene": "fliC", "antigen": "f,g,s", "allele": "fliC_NC_011149_1_complete_sequence",
               "contig": "gi|197247352|ref|NC_011149.1|", "identity": 99.87, "coverage": 100.0}],
}  # fmt: skip
ARRAYS = {"array_count": 1, "spacer_count": 17, "arrays": [
    {"contig": "gi|197247352|ref|NC_011149.1|", "start": 2_988_166, "end": 2_989_231, "spacers": ["ACGT"] * 17,
     "repeat_consensus": "CGGTTTATCCCCGCTGGCGCGGGGAACAC"}]}  # fmt: skip

EXPLANATION = Explanation(
    1234567, "WAITING", NO_ROOM,
    dict.fromkeys([f"calc{number:02}" for number in range(14)], "has 2 cores in all, the job needs 64 cores")
    | {"calculation-node-02": ""}, own_ahead=1200, owners_ahead=3, starts_in_s=7500.0,
)  # fmt: skip
STATUS = {
    "jobs": {"WAITING": 398_211, "RUNNING": 24, "COMPLETE": 1_234_567, "FAILED": 0}, "estimated": ["COMPLETE"],
    "oldest_waiting": {"id": 1234001, "waited_s": 7500.0, "why": NO_ROOM}, "held": 1200, "paused": PAUSED,
    "nodes": Counter({"up": 11, "drained": 1}), "heads_heard_s_ago": 0.4, "warning": None, "broker_warning": None,
    "restores": [], "unread_callbacks": 0, "unposted": {"outcomes": 3, "since": ago(minutes=12)},
    "unapplied": [{"reports": 3, "since": ago(minutes=12), "job_ids": [1, 2, 3],
                   "reason": "the storage /srv/crobot has no file .crobot-storage: is it mounted here?"}],
}  # fmt: skip
POLICY = {"source": "/etc/crobot/policy.toml", "accepted_at": ago(days=3), "toml": "[fair_share]\ncurators = 2\n",
          "file": "/etc/crobot/policy.toml", "warning": None}  # fmt: skip


def _waits(name: str, jobs: int) -> Waits:
    return Waits(name, jobs, 2.9, 0.0, 7500.0, 4_377_600.0, 1.0, 1234.5)


REPORT = Report(
    "crobot", 746_524, 12, 4_377_600.0, 4_154_400.0, "cores", 1.054, 0.949, 0.874,
    [_waits("interactive", 328_305), _waits("batch", 400_000)], [_waits("curators", 400_000)],
    [Stretch("re-assembly", 400_000, 0.0, 4_377_600.0, False), Stretch("public", 328_305, 0.0, 9.0, True)],
    1000, 2355.0, 36.7, Series([], [], [], {}),
)  # fmt: skip

ASSEMBLIES = [
    {"barcode": "SAL_AA0001AA_AS", "strain": "SL483", "status": "Assembled", "outdated": "", "bases": 4_798_660,
     "contigs": 1, "n50": 4_798_660,
     "schemes": dict.fromkeys((*PIPELINES[2:6], "MLST_Achtman", "cgMLST_v2"), "COMPLETE")},
    {"barcode": "SAL_AA0002AA_AS", "strain": "a strain with a name as long as a sentence", "status": "Failed QA",
     "outdated": "outdated (3.2, current 4.1)", "bases": 243_909, "contigs": 1208, "n50": 29_979,
     "schemes": {"assembly_stats": "COMPLETE", "MLST_Achtman": "QUEUED"}},
]  # fmt: skip
SCHEMES = [
    {"description": "assembly_stats", "label": "Assembly statistics", "pipeline": "", "scheme": "", "version": "",
     "on_demand": False, "loci": None, "alleles": None, "sequence_types": None, "results": 402_117, "outdated": 0},
    {"description": "MLST_Achtman", "label": "Achtman 7 gene MLST", "pipeline": "nomenclature", "outdated": 1200,
     "scheme": "senterica_achtman_2", "version": "1.a53de04e", "loci": 7, "alleles": 10_905, "sequence_types": 10_292,
     "on_demand": False, "results": 398_211},
    {"description": "prokka_annotation", "label": "Annotation", "pipeline": "prokka_annotation", "scheme": "",
     "version": "", "on_demand": True, "loci": None, "alleles": None, "sequence_types": None, "results": 12,
     "outdated": 0},
]  # fmt: skip
SPECIES = [{"name": "senterica", "label": "Salmonella enterica", "genus": "Salmonella", "prefix": "SAL",
            "references": ["a"] * 1200}]  # fmt: skip
LOCI = [{"locus": "STMMW_00001", "allele": 1313, "status": "exact", "contig": "gi|197247352|ref|NC_011149.1|",
         "start": 2_456_113, "end": 2_456_613, "strand": "-", "identity": 1.0, "copies": None}]  # fmt: skip
ANALYSES = [
    {"id": 12, "type": "locus_search", "name": "resistance genes of the outbreak in Berlin", "species": "senterica",
     "user": 3, "state": "failed", "job": 1234567, "error": "the assembly SAL_AA0001AA_AS has no file of contigs"},
    {"id": 11, "type": "ms_tree", "name": "", "species": "senterica", "user": 1200, "state": "queued", "job": None,
     "error": None},
]  # fmt: skip
HITS: dict[str, Any] = ANALYSES[0] | {"error": None, "state": "complete", "modified": ago(minutes=53).isoformat(),
                                       "data": {
    "queries": [{"query": "blaTEM-1B_1_AY458016", "length": 861, "coding": True, "hits": 1200,
                 "whole_and_identical": 1}],
    "hit_count": 1200,
    "hits": [{"query": "blaTEM-1B_1_AY458016", "contig": "gi|197247352|ref|NC_011149.1|", "start": 2_456_113,
              "end": 2_456_973, "strand": "+", "identity": 0.9988, "coverage": 1.0, "alignment_length": 861,
              "translation": "whole", "loci": [{"locus": f"STMMW_{number:05}", "allele": number, "scheme": "cgMLST_v2"}
                                               for number in range(1, 5)]}]}}  # fmt: skip
_SHOWN = [
    {
        "query": name,
        "length": length,
        "coding": True,
        "present": 58,
        "identical": 31,
        "whole": 20,
        "part": 7,
        "absent": 1140,
        "unknown": 2,
    }
    for name, length in (("mecA_10_AB512767", 2007), ("blaZ_36_AJ400722", 846))
]
PRESENCE: dict[str, Any] = ANALYSES[0] | {"error": None, "state": "complete", "modified": None, "type": "locus_table",
                                          "data": {
    "queries": _SHOWN, "searched": 1198, "not_searched": 2, "table": f"{FOLDER}/presence.tsv",
    "hits": f"{FOLDER}/hits.tsv", "json": f"{FOLDER}/presence.json", "png": f"{FOLDER}/presence.png",
    "rows": [{"barcode": f"SAL_AA{number:04}AA_AS", "strain": f"outbreak strain {number} of 2026", "states": states}
             for number, states in enumerate(("i-", "wp", "--", "??"), 1)],
    "errors": [{"barcode": "SAL_AA0004AA_AS", "strain": "outbreak strain 4 of 2026",
                "error": f"{FOLDER}/assembly.fasta is not there any more"}]}}  # fmt: skip
TREE: dict[str, Any] = ANALYSES[1] | {"state": "complete", "modified": None, "data": {
    "different_profiles": 10_292, "profiles": 398_211, "method": "MSTreeV2", "loci": 3002, "missing_alleles": 123_456,
    "total_length": 1234567.0, "longest_edge": 1200.0, "nwk": f"{FOLDER}/{'a-long-folder/' * 5}tree.nwk",
    "json": f"{FOLDER}/tree.json", "png": f"{FOLDER}/tree.png"}}  # fmt: skip
_STRAINS = {f"SAL_AA{number:04}AA_AS": f"outbreak strain {number} of 2026" for number in range(1, 13)}
_WARNING = (
    "distances of outbreak strain 1 of 2026 are too small: up to 24 % of their SNPs stand in crowds or in stretches "
    "that differ too much, and are left out. Take a reference that is closer"
)
_SHARES = {
    "SAL_AA0001AA_AS": {"used_bases": 3_900_000, "used_share": 0.8125, "left_out": {
        "missing": 400_000, "deleted": 300_000, "diverged": 100_000, "alignment_end": 60_000, "repeats": 40_000}},
    "SAL_AA0002AA_AS": {"used_bases": 4_800_000, "used_share": 1.0, "left_out": {}},
}  # fmt: skip
PROJECT: dict[str, Any] = {
    "id": 5, "name": "outbreak in Berlin", "state": "failed", "species": "senterica", "taxa": 12, "snps": 4321,
    "created": ago(days=3).isoformat(), "modified": ago(minutes=53).isoformat(), "reference": "SAL_AA0001AA_AS",
    "labels": _STRAINS, "assemblies": list(_STRAINS), "core_sites": 4_123_456,
    "core_share": 0.86123, "shares": _SHARES, "warnings": [_WARNING],
    "error": "SAL_AA0002AA_AS: too few reads",
    "steps": [{"step": "matrix_phylogeny", "tag": "failed", "job": 1234567, "state": "FAILED"}],
    "snp_count": dict(zip(_STRAINS, (1200, 3, 5), strict=False)),
    "distances": [["", *_STRAINS], *([one, *(["1234"] * 12)] for one in _STRAINS)],
    "files": {"raxml_tree": f"{FOLDER}/{'a-long-folder/' * 5}tree.nwk"},
}  # fmt: skip
SERVERS = {"data_dir": "/srv/crobot/data", "users": list(range(10_000, 10_012)), "servers": [
    {"name": "postgres", "pid": 27891, "port": 21350}, {"name": "valkey", "pid": None, "port": None}]}  # fmt: skip
UPDATES = [
    Update(
        "senterica", None, dict.fromkeys(list(_STRAINS)[:3], "no assembly") | dict.fromkeys(
            list(_STRAINS)[3:5], "failed: node_lost, try 2 of 3"), Counter({
            "failed: tool: the same version is not tried again": 12_345, "its job is not over": 7}), full=True),
    Update("senterica", "MLST_Achtman", {"SAL_AA0001AA_AS": f"outdated (scheme 12.{'a' * 12}, current 13.{'b' * 12})"}),
    Update("senterica", "SeroPred"),
    Update("senterica", "CRISPR", error="an update of senterica, scheme CRISPR is under way: wait until it "
                                           "has made its batch"),
]  # fmt: skip

_ITEMS: dict[str, Any] = {
    "size": 1_000_000, "unsent": 546_742, "queued": 2000, "running": 24, "complete": 447_830, "cached": 1200,
    "failed": 1204, "cancelled": 0, "skipped": 1000, "forgotten": 0, "failures": {"tool": 1200, "node_lost": 4},
    "over": 451_234, "live": 2024, "cpu_s": 4_377_600.0, "to_come_cpu_s": 5_321_000.0,
}  # fmt: skip
BATCH: dict[str, Any] = {
    "batch": "nightly-2026-11-25", "state": "running", "kind": "assemble", "database": "senterica", "user_id": 12,
    "shared": {"params": {"assembler": "megahit", "min_contig": 500}, "again": True}, "workgroup": "curators",
    "chosen_by": "the list /srv/crobot/curators/lists/outdated-assemblies-of-2026.tsv", "priority": 8,
    "live_limit": 2000, "slice_size": 1000, "max_failures": None, "max_failed_share": 0.05,
    "created_at": ago(days=3), "paused_at": None,
    "pause_reason": "", "cancelled_at": None, "ended_at": None, "items": _ITEMS, "live_followers": 1313,
    "elapsed_s": 141_000.0, "rate": 3.2, "left_s": 171_000.0, "ends_at": NOW + timedelta(seconds=171_000),
}  # fmt: skip
BATCHES = [
    BATCH,
    BATCH | {"batch": "a-batch-with-a-name-as-long-as-a-sentence-of-its-curator", "state": "paused", "left_s": None,
             "kind": "scheme", "shared": {"scheme": "MLST_Achtman"}},
    BATCH | {"batch": "web", "state": "over", "kind": "calls", "shared": {}, "database": None, "left_s": None,
             "created_at": ago(minutes=53), "items": _ITEMS | {"size": 12, "over": 12, "failed": 0}},
]  # fmt: skip
PAUSED_BATCH = BATCH | {
    "state": "paused", "paused_at": ago(minutes=53), "left_s": None, "ends_at": None,
    "pause_reason": "50,000 of 1,000,000 jobs failed, the limit is 5.0%",
}  # fmt: skip
_CAUSE = {"kind": "tool", "message": "the reads are of Escherichia coli (93.1 %), not of Salmonella enterica",
          "items": 1200, "examples": list(range(1_234_567, 1_234_572))}  # fmt: skip
ACCOUNT = {"account": {
    "states": {}, "attempts": 452_001, "cpu_s": 4_377_600.0, "wall_s": 7_120_800.0,
    "failed": [_CAUSE, _CAUSE | {"kind": "node_lost", "message": ESCAPES, "items": 4, "examples": [1_240_001]}],
    "left_out": [{"kind": "", "message": "the strain SAL_AA0012AA has no paired-end reads of Illumina", "items": 1000,
                  "examples": [f"SAL_AA{number:04}AA" for number in range(12, 17)]}],
    "slowest": [{"job": 1_234_999, "key": "SAL_AA0999AA", "wall_s": 7500.0},
                {"job": 1_234_998, "key": "SAL_AA0998AA", "wall_s": 80.4}],
}}  # fmt: skip
LABEL = {
    "batch": "outbreak", "state": "over", "kind": "label", "estimated": [],
    "items": dict.fromkeys(_ITEMS, 0) | {"size": 3, "over": 3, "complete": 2, "failed": 1, "failures": {}},
}  # fmt: skip

_APP = "https://typing.institute.example.org/crobot_callback"
_DELIVERY = {"id": 1_234, "of": "job 1234567", "state": "waiting", "tries": 3, "tried_at": ago(minutes=5), "url": _APP,
             "due_at": NOW + timedelta(minutes=5), "error": "it answers 503 Service Unavailable"}  # fmt: skip
DELIVERIES: dict[str, Any] = {
    "deliveries": [
        _DELIVERY,
        _DELIVERY | {"id": 1_233, "of": "batch nightly-2026-11-25", "state": "delivered", "tries": 1, "due_at": None,
                     "error": ""},
        _DELIVERY | {"id": 1_232, "of": "analysis 42", "state": "held", "due_at": None, "url": "http://10.1.2.3/x",
                     "error": "it answers 410 Gone"},
    ],
    "off": [{"url": "http://10.1.2.3/x", "off_at": ago(hours=3), "reason": "it answered 410"}],
}  # fmt: skip

SCENES: dict[str, Scene] = {
    "jobs": lambda out: jobs._show(out, JOBS),
    "nodes": lambda out: nodes._show(out, NODES, PAUSED, ""),
    "show": lambda out: job._show(out, JOB),
    "show-running": lambda out: job._show(out, RUNNING),
    "show-serovar": lambda out: results.show_results(
        out, {"type": "", "schemes": [], "result": {"results": SEROVAR}}
    ),
    "show-crispr": lambda out: results.show_results(
        out, {"type": "", "schemes": [], "result": {"results": ARRAYS}}
    ),
    "explain": lambda out: explain._show(out, EXPLANATION, ATTEMPTS),
    "status": lambda out: status._show(out, STATUS),
    "policy": lambda out: policy._show(out, POLICY),
    "pause": lambda out: pause.show_pauses(out, PAUSED),
    "simulate": lambda out: simulate._show_one(out, REPORT),
    "simulate-compare": lambda out: simulate._show_compared(out, [REPORT, REPORT]),
    "assembly-list": lambda out: assemblies._show(out, ASSEMBLIES),
    "assembly-locus": lambda out: assembly_loci._show(out, LOCI),
    "scheme-list": lambda out: schemes._show(out, SCHEMES),
    "species-list": lambda out: species._show(out, SPECIES),
    "analysis-list": lambda out: analyses._show_list(out, ANALYSES),
    "analysis-hits": lambda out: show_analysis(out, HITS),
    "analysis-presence": lambda out: show_analysis(out, PRESENCE),
    "analysis-tree": lambda out: show_analysis(out, TREE),
    "project-list": lambda out: projects._show_list(out, [PROJECT]),
    "project-show": lambda out: projects._show(out, PROJECT),
    "update": lambda out: updates._show(out, UPDATES, dry_run=False),
    "update-dry-run": lambda out: updates._show(out, UPDATES, dry_run=True),
    "servers-status": lambda out: servers._show(out, SERVERS),
    "batch-list": lambda out: overviews._show_list(out, BATCHES, True),
    "batch-show": lambda out: overviews.show_one(out, BATCH),
    "batch-paused": lambda out: overviews.show_one(out, PAUSED_BATCH),
    "batch-label": lambda out: overviews.show_one(out, LABEL),
    "batch-report": lambda out: report.show_report(out, BATCH | ACCOUNT),
    "webhooks-list": lambda out: webhooks.show(out, DELIVERIES),
    "db-check": lambda out: tables._show(out, {"database": "the database", "schemas": {"crobot": "0005"}}),
}


@contextmanager
def fixed_clock() -> Iterator[None]:
    """Let it be the same time in the same zone, whenever and wherever this runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(amounts, "now", lambda: NOW)
        patch.setitem(os.environ, "TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@cache
def printed(scene: str, width: int) -> str:
    """Return what people see on a terminal of so many columns."""
    file = StringIO()
    with fixed_clock():
        SCENES[scene](output.Printer(width=width, file=file, color_system=None))
    return file.getvalue()


def golden(scene: str, width: int) -> Path:
    """Return the file that holds it."""
    return GOLDEN / f"{scene}-{width}.txt"


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name in SCENES:
        for columns in WIDTHS:
            golden(name, columns).write_text(printed(name, columns))
