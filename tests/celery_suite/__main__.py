"""`python -m tests.celery_suite`: Celery's suite over jobs and over plain tasks, and each test that differs."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from tests.celery_suite.source import CACHE, suite

ROOT = Path(__file__).parents[2]
KINDS = ("plain", "jobs")
#: the reason why tests differ by design → their names
BY_DESIGN = Path(__file__).with_name("differs.toml")
WORDS = ("passed", "failed", "skipped")

#: the name of a test → passed, failed or skipped
Outcomes = Mapping[str, str]


def main() -> int:
    """Run what is asked for; say how many tests passed, and which differ."""
    options = _options()
    folder = suite()
    outcomes = {kind: run(folder, kind, options) for kind in options.kinds}
    for word in WORDS:
        print(
            f"{word:>8}", *(f"{kind} {Counter(found.values())[word]:4}" for kind, found in outcomes.items())
        )
    differing = differences(outcomes.get("plain", {}), outcomes.get("jobs", {}))
    return report(differing, by_design(), outcomes.get("jobs", {}))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.celery_suite", description=__doc__)
    parser.add_argument("names", nargs="*", help="only tests whose name contains one of these")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="what the tasks are")
    parser.add_argument(
        "--processes", type=int, default=2, help="clusters that share the tests; 0: none but this"
    )
    parser.add_argument("--limit", type=float, default=30, help="seconds after which a test has failed")
    parser.add_argument("--show", action="store_true", help="show what each failed test says")
    return parser.parse_args()


def run(folder: Path, kind: str, options: argparse.Namespace) -> Outcomes:
    """Run the suite in a process of its own."""
    CACHE.mkdir(parents=True, exist_ok=True)
    found = CACHE / f"{kind}.{os.getpid()}.xml"
    command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={found}", "-p", "no:cacheprovider"]
    command += ["-o", "xfail_strict=false"]  # what passes although Celery knows that it may fail, passes
    command += [] if options.show else ["--tb=no"]
    command += ["-k", " or ".join(options.names)] if options.names else []
    command += [f"--numprocesses={options.processes}"] if options.processes else ["-s"]
    environment = {
        "CROBOT_SUITE": kind,
        "CROBOT_SUITE_LIMIT_S": str(options.limit),
        "PYTHONPATH": f"{folder}:{ROOT}",
    }
    subprocess.run([*command, "t/integration"], cwd=folder, env=os.environ | environment, check=False)
    try:
        return {_name(case): _outcome(case) for case in ElementTree.parse(found).iter("testcase")}
    finally:
        found.unlink()


def _name(case: ElementTree.Element) -> str:
    place = case.attrib["classname"].removeprefix("t.integration.")
    return f"{place}.{case.attrib['name']}"


def _outcome(case: ElementTree.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def differences(plain: Outcomes, jobs: Outcomes) -> dict[str, str]:
    """Return the tests that fail over jobs and not over plain tasks; those that fail at all, if only jobs were run."""
    return {
        name: f"{plain.get(name, 'not run')} over plain tasks, {outcome} over jobs"
        for name, outcome in jobs.items()
        if outcome == "failed" and plain.get(name) != "failed"
    }


def by_design() -> dict[str, str]:
    """Return each test that differs by design, with the reason."""
    return {
        name: reason
        for reason, names in tomllib.loads(BY_DESIGN.read_text())["reasons"].items()
        for name in names
    }


def report(differing: Mapping[str, str], reasons: Mapping[str, str], jobs: Outcomes) -> int:
    """Say which tests differ; return 1 if one does without a reason, or passes in spite of one."""
    surprises = sorted(differing.keys() - reasons.keys())
    agree = sorted(name for name in reasons if jobs.get(name) == "passed")
    for name in sorted(name for name in reasons if jobs.get(name) == "failed"):
        print(f"by design: {name}: {reasons[name]}")
    for name in surprises:
        print(f"DIFFERS: {name}: {differing[name]}")
    for name in agree:
        print(f"NO LONGER DIFFERS: {name}; take it out of {BY_DESIGN.name}")
    return 1 if surprises or agree else 0


if __name__ == "__main__":
    sys.exit(main())
