"""`crobot webhooks list`, `resend`, `secret`, `targets`, `on`, `off`: outcomes that are posted to web apps."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console

from crobot_tasks.cli import services
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.output import emit, json_option, wide_option
from crobot_tasks.cli.tables import table
from crobot_tasks.cli.values import DURATION, JOB
from crobot_tasks.operate import webhooks
from crobot_tasks.operate.amounts import ago, moment
from db.crobot import DeliveryState

_DELIVERIES = (
    Column("Delivery", Kind.ID),
    Column("Of", Kind.NAME, importance=9),
    Column("Is", importance=9),
    Column("Tries", Kind.NUMBER, importance=6),
    Column("Last", importance=5),
    Column("Next", importance=7),
    Column("To", Kind.PATH),
    Column("Why", Kind.TEXT),
)
_SECRETS = (
    Column("Of", Kind.PATH),
    Column("Made", importance=6),
    Column("The one before signs, too, until", importance=5),
)
_URL = click.argument("url", metavar="ADDRESS")


@click.command("list")
@click.option("--state", type=click.Choice([state.value for state in DeliveryState]), help="Only these.")
@click.option("--job", "job_id", type=JOB, help="Only those of one job.")
@click.option("--to", "url", help="Only those to one address.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many.")
@wide_option
@json_option
def list_(as_json: bool, state: str | None, **given: Any) -> None:
    """List outcomes that are posted, the newest first. Addresses that are switched off are named below."""
    services.ready_database()
    found = webhooks.listing(state=DeliveryState(state) if state else None, **given)
    emit(as_json, found, lambda out: show(out, found))


def show(out: Console, found: dict[str, Any]) -> None:
    """Print deliveries, and what is switched off with the way out."""
    if found["deliveries"]:
        out.print(table(_DELIVERIES, [_line(one) for one in found["deliveries"]]))
    else:
        out.print("no such outcomes; a job has them posted that is sent with a call-back address")
    for one in found["off"]:
        out.print(
            f"{one['url']} is switched off since {moment(one['off_at'])}: {one['reason']}. What is for it waits, for "
            f"`crobot webhooks on {one['url']}`"
        )


def _line(one: dict[str, Any]) -> list[Any]:
    return [one["id"], one["of"], one["state"], one["tries"], ago(one["tried_at"]), ago(one["due_at"]), one["url"],
            one["error"]]  # fmt: skip


@click.command()
@click.argument("ids", metavar="DELIVERY...", nargs=-1, type=JOB)
@click.option("--given-up", is_flag=True, help="All that were given up.")
@click.option("--to", "url", help="With --given-up: only those to one address.")
@json_option
def resend(ids: tuple[int, ...], given_up: bool, url: str | None, as_json: bool) -> None:
    """Post outcomes again. An app that has one already does nothing more with it."""
    if bool(ids) == given_up or (url and not given_up):
        raise click.UsageError("name deliveries, or give --given-up (and with it --to)")
    services.ready_database()
    sent = webhooks.resend_given_up(url) if given_up else webhooks.resend(ids)
    emit(as_json, {"sent": sent}, lambda out: out.print(_resent(sent)))


def _resent(sent: list[int]) -> str:
    if not sent:
        return "nothing was given up: nothing is posted again"
    return f"{len(sent):,} {'outcome is' if len(sent) == 1 else 'outcomes are'} posted again"


@click.command()
@click.argument("origin", metavar="APP")
@click.option("--rotate", is_flag=True, help="Make another; both sign for a while.")
@click.option("--both", "both_s", type=DURATION, default="7d", show_default=True,
              help="With --rotate: the old one signs for so long, too.")  # fmt: skip
@json_option
def secret(origin: str, rotate: bool, both_s: int, as_json: bool) -> None:
    """Make the secret that signs outcomes for a web app. APP is https://host:port; it is shown once."""
    services.ready_database()
    until = None
    if rotate:
        origin, made, until = webhooks.rotate_secret(origin, both_s)
    else:
        origin, made = webhooks.make_secret(origin)
    document = {"origin": origin, "secret": made, "former_until": until}
    emit(as_json, document, lambda out: _show_secret(out, document))


def _show_secret(out: Console, made: dict[str, Any]) -> None:
    out.print(f"the secret of {made['origin']}:")
    out.print(made["secret"])
    out.print("Keep it now: it is not shown again. The app needs it to tell that outcomes come from here.")
    if made["former_until"]:
        out.print(f"The one before signs, too, until {moment(made['former_until'])}.")


@click.command()
@wide_option
@json_option
def targets(as_json: bool) -> None:
    """Say where outcomes may be posted to, and who has a secret."""
    services.ready_database()
    found = webhooks.targets()
    emit(as_json, found, lambda out: _show_targets(out, found))


def _show_targets(out: Console, found: dict[str, Any]) -> None:
    listed = (
        ", ".join(found["targets"]) or "nowhere: name hosts or networks in the policy's section [webhooks]"
    )
    out.print(f"outcomes may be posted to: {listed}")
    if found["secrets"]:
        lines = [
            [one["origin"], moment(one["made_at"]), moment(one["former_until"])] for one in found["secrets"]
        ]
        out.print(table(_SECRETS, lines))
    else:
        out.print("no app has a secret yet; `crobot webhooks secret https://host:port` makes one")


@click.command()
@_URL
@json_option
def on(url: str, as_json: bool) -> None:
    """Post to an address again that is switched off. What has waited for that is posted now."""
    services.ready_database()
    url, waited = webhooks.switch_on(url)
    document = {"url": url, "waited": waited}
    emit(
        as_json, document, lambda out: out.print(f"{url} is on again; {waited:,} outcomes have waited for it")
    )


@click.command()
@_URL
@click.option("--reason", default="by an operator", show_default=True, help="Why, for people.")
@json_option
def off(url: str, reason: str, as_json: bool) -> None:
    """Post nothing more to an address; what is for it waits."""
    services.ready_database()
    document = {"url": webhooks.switch_off(url, reason), "reason": reason}
    emit(as_json, document, lambda out: out.print(f"{document['url']} is switched off"))
