"""The nodes with what they have: which are open, which could run a kind of job at all, which have data in hand."""

from __future__ import annotations

from collections.abc import Iterable

from crobot_tasks.router.fit import inability, may_open
from crobot_tasks.router.policy import Policy
from crobot_tasks.router.views import Kind, Load, NodeView


class Cluster:
    """Nodes that take and end jobs. Only the open ones are looked at, so a full cluster costs nothing."""

    def __init__(self, nodes: Iterable[NodeView], policy: Policy) -> None:
        self.policy = policy
        self.nodes = {node.name: node for node in nodes}
        #: names of nodes with a free core, or room in their queue; in the order of the nodes
        self.open: dict[str, None] = {}
        #: names of nodes whose load has changed since a placing began, in order; it looks at those again
        self.touched: list[str] = []
        self._able: dict[Kind, list[str]] = {}
        self._holders: dict[str, set[str]] = {}
        for name, node in self.nodes.items():
            self._judge(node)
            for data in node.holds:
                self._holders.setdefault(data, set()).add(name)

    @property
    def room(self) -> int:
        """How many jobs of one core the open nodes may take, about."""
        most = self.policy.window.most_jobs
        return sum(
            max(0, self.nodes[name].free_cores) + min(self.nodes[name].cores, most) for name in self.open
        )

    def start(self, name: str, load: Load) -> None:
        """Let a node take a job."""
        self.nodes[name].start(load)
        self._changed(name)

    def end(self, name: str, job_id: int) -> Load:
        """Let a node be rid of a job; return what it took."""
        load = self.nodes[name].end(job_id)
        self._changed(name)
        return load

    def able(self, kind: Kind) -> list[str]:
        """Return the names of the nodes that could run such a job, were they empty."""
        found = self._able.get(kind)
        if found is None:
            found = [name for name, node in self.nodes.items() if not inability(node, kind, self.policy)]
            self._able[kind] = found
        return found

    def holders(self, data: Iterable[str]) -> set[str]:
        """Return the names of the nodes that have any of the data in hand."""
        return set().union(*(self._holders.get(one, ()) for one in data))

    def _changed(self, name: str) -> None:
        self._judge(self.nodes[name])
        self.touched.append(name)

    def _judge(self, node: NodeView) -> None:
        if not node.closed and (node.free_cores > 0 or self._may_queue(node)):
            self.open[node.name] = None
        else:
            self.open.pop(node.name, None)

    def _may_queue(self, node: NodeView) -> bool:
        share = node.memory_bytes // node.cores
        return may_open(node, self.policy) and not node.large(share, self.policy.window.short_s)
