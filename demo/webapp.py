"""The story that `make webapp` tells: the example web app on a running cluster, until Ctrl-C."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import celeryconfig
from crobot_tasks.operate import tokens
from crobot_tasks.operate.tokens import Scope
from demo import overview
from demo.data import DemoData
from demo.stage import START_S, console, stage, wait_until

#: who signs in
USER, WORKGROUP = 17, "demo"
SCOPES = (Scope.JOBS_READ, Scope.JOBS_SEND, Scope.JOBS_STEER, Scope.SPECIES_READ, Scope.UPLOADS_SEND)


def main() -> None:
    """Start everything, say how to sign in and what to try, and wait."""
    with stage(small=True) as running:
        data = running.set_up()
        running.start("callbacks", "callbacks")
        overview.start(running)
        running.start("webapp", module="examples.webapp")
        address = f"http://127.0.0.1:{os.environ['WEBAPP_PORT']}"
        for each in (celeryconfig.crobot_events_url, f"{address}/sign-in"):
            wait_until(each, partial(overview.answers, each), START_S, running.check)
        invite(address, data)
        overview.stay(running)


def invite(address: str, data: DemoData) -> None:
    """Say where to go with which token, and what to do there."""
    token, _ = tokens.create(user_id=USER, workgroup=WORKGROUP, name="make webapp", scopes=SCOPES)
    console.print(f"\nOpen      {address}", style="bold", soft_wrap=True)
    console.print(f"Token     {token}", style="bold", soft_wrap=True)
    console.print(
        f"To upload {data.read1}\n          {data.read2}\n"
        "          (5 % of a genome: the assembly fails the QA, as it should)",
        soft_wrap=True,
    )
    whole = [
        path
        for path in (Path(celeryconfig.crobot_roots[0]) / f"agona_full_{mate}.fastq.gz" for mate in (1, 2))
        if path.exists()
    ]
    for path in whole:
        console.print(f"          {path}", soft_wrap=True)
    overview.say_where()


if __name__ == "__main__":
    main()
