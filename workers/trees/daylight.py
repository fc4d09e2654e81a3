"""Equal daylight (Felsenstein), pure: branches are turned around each node until the gaps between them are equal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import atan2, cos, pi, sin

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.float64]

PASSES = 4


def spread(positions: Positions, order: Sequence[int], above: Mapping[int, int]) -> None:
    """Move the nodes of a tree without crossings so that it has none, and its branches lie apart.

    ``positions`` (node, x and y) are changed in place; ``order`` is from the root downwards, ``above`` the parent.
    """
    tour, ends = _tour(order, above)
    at = {node: place for place, node in enumerate(tour)}
    # along the tour every branch is one stretch
    placed = positions[tour]
    parents = np.array([at.get(above[node], -1) for node in tour])
    below: dict[int, list[int]] = defaultdict(list)
    for place in range(1, len(tour)):
        below[int(parents[place])].append(place)
    for _ in range(PASSES):
        for center in sorted(below):
            _balance(placed, parents, ends, center, below[center])
    positions[tour] = placed


def _tour(order: Sequence[int], above: Mapping[int, int]) -> tuple[list[int], list[int]]:
    """The nodes so that all below one follow it, and for each place where they end."""
    size = dict.fromkeys(order, 1)
    for node in reversed(order[1:]):
        size[above[node]] += size[node]
    start, free = {order[0]: 0}, {order[0]: 1}
    for node in order[1:]:
        start[node] = free[above[node]]
        free[above[node]] += size[node]
        free[node] = start[node] + 1
    tour = sorted(order, key=start.__getitem__)
    return tour, [start[node] + size[node] for node in tour]


def _balance(
    placed: Positions, parents: NDArray[np.int64], ends: Sequence[int], center: int, children: Sequence[int]
) -> None:
    """Turn the branches below a node; what is above it stays where it is."""
    seen = placed - placed[center]
    angles = np.arctan2(seen[:, 1], seen[:, 0])
    wedges = []
    for child in children:
        inside = np.arange(child, ends[child])
        wedge = _wedge(angles, inside, inside[1:], parents, atan2(seen[child, 1], seen[child, 0]))
        wedges.append((child, wedge))
    if parents[center] >= 0:
        outside = np.concatenate([np.arange(center), np.arange(ends[center], len(placed))])
        # the edge of each node leads to its parent; of those outside, only the root has none
        upper = int(parents[center])
        wedge = _wedge(angles, outside, outside[1:], parents, atan2(seen[upper, 1], seen[upper, 0]))
        wedges.append((upper, wedge))
    if len(wedges) < 2 or any(wedge is None for _, wedge in wedges):
        return
    known = [(one, wedge[0], wedge[1]) for one, wedge in wedges if wedge is not None]
    daylight = 2 * pi - sum(last - first for _, first, last in known)
    if daylight > 0:
        _turn(placed, ends, center, known, daylight / len(known), fixed=int(parents[center]))


def _turn(
    placed: Positions,
    ends: Sequence[int],
    center: int,
    wedges: list[tuple[int, float, float]],
    gap: float,
    fixed: int,
) -> None:
    """Put the wedges one after the other, in the order in which they lie, with equal gaps."""
    # the one that stays is the first, and the others follow it around
    origin = next((first for one, first, _ in wedges if one == fixed), wedges[0][1])
    ordered = sorted(wedges, key=lambda one: (one[0] != fixed, (one[1] - origin) % (2 * pi)))
    begin = origin
    for one, first, last in ordered:
        if one != fixed:
            stretch = slice(one, ends[one])
            placed[stretch] = _rotated(placed[stretch], placed[center], begin - first)
        begin += last - first + gap


def _wedge(
    angles: NDArray[np.float64],
    inside: NDArray[np.int64],
    edges: NDArray[np.int64],
    parents: NDArray[np.int64],
    towards: float,
) -> tuple[float, float] | None:
    """The first and last angle at which a branch is seen; None if it reaches around the one who looks."""
    turned = (angles - towards + pi) % (2 * pi) - pi
    if np.any(np.abs(turned[edges] - turned[parents[edges]]) > pi):
        return None
    return towards + float(turned[inside].min()), towards + float(turned[inside].max())


def _rotated(points: Positions, around: Positions, angle: float) -> Positions:
    turn = np.array([[cos(angle), sin(angle)], [-sin(angle), cos(angle)]])
    return np.asarray((points - around) @ turn + around)
