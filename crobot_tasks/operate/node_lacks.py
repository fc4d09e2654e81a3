"""What calculation nodes do not offer: each reason once, with all nodes and pipelines that it is true of."""

from __future__ import annotations

from collections.abc import Mapping

Pipelines = Mapping[str, str]


def in_words(nodes: Mapping[str, tuple[Pipelines, Pipelines]]) -> list[str]:
    """Return sentences on nodes, of which each has pipeline → version, and pipeline → why it does not offer it."""
    whose: dict[tuple[str, str], list[str]] = {}
    for name, (offered, unavailable) in nodes.items():
        for reason, pipelines in _by_reason(unavailable).items():
            all_of_it = not offered and len(pipelines) == len(unavailable)
            whose.setdefault(("" if all_of_it else ", ".join(pipelines), reason), []).append(name)
    return [_sentence(names, pipelines, reason) for (pipelines, reason), names in whose.items()]


def _by_reason(unavailable: Pipelines) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for pipeline, reason in unavailable.items():
        reasons.setdefault(reason, []).append(pipeline)
    return reasons


def _sentence(names: list[str], pipelines: str, reason: str) -> str:
    many = len(names) > 1
    if not pipelines:
        return f"{', '.join(names)} {'offer' if many else 'offers'} nothing: {reason}"
    return f"{', '.join(names)} {'do' if many else 'does'} not offer {pipelines}: {reason}"
