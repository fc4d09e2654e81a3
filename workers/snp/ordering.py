"""The order of taxa in a picture of their distances, pure: what is close stands together."""

from __future__ import annotations

from Bio.Cluster import treecluster

from workers.run_lengths import Array


def clustered(distances: Array) -> list[int]:
    """The taxa by average linkage, the tighter branch of every pair first."""
    size = len(distances)
    if size < 2:
        return list(range(size))
    tree = treecluster(None, distancematrix=distances.astype(float), method="a")
    groups: dict[int, list[int]] = {at: [at] for at in range(size)}
    for number in range(1, size):
        node = tree[number - 1]
        one, other = groups.pop(node.left), groups.pop(node.right)
        groups[-number] = [*one, *other] if len(one) >= len(other) else [*other, *one]
    (order,) = groups.values()
    return order
