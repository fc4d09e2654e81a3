"""`python -m benchmarks peers`: rounds of all contestants in turn, so that a change of the machine's load meets all."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import psutil
import psycopg2

from benchmarks.peers.catalogue import Peer, chosen
from benchmarks.peers.environments import PeerFailed, python_of
from benchmarks.peers.own_round import own_rounds
from benchmarks.peers.peer_round import PeerRound
from benchmarks.peers.sheet import Contestant, Sheet
from benchmarks.stage import Stage
from crobot_tasks import embedded


class Round(Protocol):
    """What measures one contestant."""

    def measure(self, jobs: int, sends: int) -> dict[str, float]: ...


def measure(
    stage: Stage, jobs: int, rounds: int, sends: int, names: Sequence[str], environments: Path
) -> Sheet:
    """Measure CRobot, plain Celery and the peers of these names (all if none).

    A peer that cannot be installed, or fails, is named with its reason, and does not stop the others.
    """
    server = embedded.servers(stage.data_dir).database_url
    peers = [(Contestant(peer.name, peer.workers), peer) for peer in chosen(names)]
    installed = [_installed(stage, server, contestant, peer, environments) for contestant, peer in peers]
    ours = [(Contestant(one.name, one.workers), one) for one in own_rounds(stage, server)]
    for _, one in ours:
        one.warm()
    everybody: list[tuple[Contestant, Round | None]] = [*ours, *installed]
    for _ in range(rounds):
        for contestant, one_round in everybody:
            if one_round is not None and not contestant.reason:
                _measure(contestant, one_round, jobs, sends)
    title = (
        f"{jobs:,} jobs sent one by one and as many in bulk, {sends} single sends, {rounds} rounds:"
        " medians (lowest–highest)"
    )
    return Sheet(title, [contestant for contestant, _ in everybody])


def _installed(
    stage: Stage, server: str, contestant: Contestant, peer: Peer, environments: Path
) -> tuple[Contestant, Round | None]:
    try:
        return contestant, PeerRound(stage, server, peer, python_of(peer.requirements, environments))
    except PeerFailed as error:
        contestant.reason = str(error)
        return contestant, None


def _measure(contestant: Contestant, one_round: Round, jobs: int, sends: int) -> None:
    print(f"{contestant.name} …", file=sys.stderr, flush=True)
    try:
        contestant.rounds.append(one_round.measure(jobs, sends))
    # its worker may go while we look at it, and its tables may not be what we ask for
    except (PeerFailed, psutil.Error, psycopg2.Error) as error:
        contestant.reason = str(error).strip()
