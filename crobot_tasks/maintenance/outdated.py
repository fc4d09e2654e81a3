"""Which version of its pipeline a result would have today, and so whether it is outdated."""

from __future__ import annotations

from db.species import AssemblyLookup, LookupStatus, Scheme, outdated
from workers.pipelines import PIPELINES


def current_version(pipeline: str) -> str:
    """Return a pipeline's version in this program; empty if it has none of this name."""
    return PIPELINES[pipeline].version if pipeline in PIPELINES else ""


def current_of(scheme: Scheme) -> str:
    """Return the version of the pipeline that makes a scheme's results; empty if nothing here does.

    ``assembly_stats``, which two pipelines write, has none: whether an assembly is outdated, its own version says.
    """
    return current_version(scheme.param.get("pipeline", ""))


def why_outdated(lookup: AssemblyLookup, scheme: Scheme) -> str:
    """Say for people by what a result of a scheme is outdated; empty if it is not."""
    return outdated.why(lookup.version, current_of(scheme), lookup.scheme_version, scheme.version)


def standing(scheme: Scheme, status: str, version: str, scheme_version: str) -> str:
    """Return the status of a result, or for people by what a complete one is outdated."""
    if status != LookupStatus.COMPLETE:
        return status
    return outdated.why(version, current_of(scheme), scheme_version, scheme.version) or status
