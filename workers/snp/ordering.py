"""The order of taxa in a picture of their distances, pure: what is close stands together."""

from __future__ import annotations

import numpy as np

from workers.run_lengths import Array


def clustered(distances: Array) -> list[int]:
    """The taxa by average linkage: the two closest groups are joined until one is left, the larger one first."""
    far = distances.astype(float)
    np.fill_diagonal(far, np.inf)
    groups = {at: [at] for at in range(len(far))}
    while len(groups) > 1:
        one, other = divmod(int(far.argmin()), len(far))
        kept, joined = groups[one], groups.pop(other)
        # every pair of taxa counts the same in the distance of two groups
        average = (far[one] * len(kept) + far[other] * len(joined)) / (len(kept) + len(joined))
        far[one], far[:, one] = average, average
        far[other], far[:, other], far[one, one] = np.inf, np.inf, np.inf
        groups[one] = [*kept, *joined] if len(kept) >= len(joined) else [*joined, *kept]
    (order,) = groups.values()
    return order
