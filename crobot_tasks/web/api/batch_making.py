"""A batch that a request asks for: chosen, made, and noted in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from flask import Response

from crobot_errors import BadInput
from crobot_tasks.batches import where
from crobot_tasks.batches.batch import Batch
from crobot_tasks.batches.choosing import Chosen
from crobot_tasks.batches.making import PRIORITY, USUAL, Limits, check_name
from crobot_tasks.batches.overview import overview
from crobot_tasks.batches.where import Select, Where
from crobot_tasks.web.api import sending
from crobot_tasks.web.api.access import caller
from crobot_tasks.web.api.batch_schemas import MOST_ITEMS, MadeBatchSchema
from crobot_tasks.web.api.changes import Done, change
from crobot_tasks.web.api.items import check_workgroup
from crobot_tasks.web.api.paths import batch_path
from crobot_tasks.webhooks import address
from db.engine import transaction
from db.known_species import find_species
from db.species.selection import Filters

#: how a batch was chosen whose items were named
NAMED = "names in a request"


def make(given: Mapping[str, Any]) -> Response:
    """Make a batch, or nothing at all, and return the answer."""
    check_workgroup(given, caller())
    check_name(given["name"])
    return change("batch make", partial(_made, given), check=lambda: sending.check_callbacks([given]))


def _made(given: Mapping[str, Any]) -> Done:
    database, name, chosen = given["database"], given["name"], Chosen()
    with transaction() as session:
        find_species(session, database)
    keys = _keys(given)
    request = _request(given)
    again = {"again": given["again"]} if "again" in given else {}
    if "scheme" in given:
        Batch.call_scheme(
            database, given["scheme"], keys, name=name, through=chosen.through, **again, **request
        )
    else:
        params = given.get("params")
        Batch.reassemble(database, keys, name=name, params=params, through=chosen.through, **again, **request)
    if given.get("callback") is not None:
        Batch(name).post_to(address.parse(given["callback"]))
    found = overview(name) | {
        "url": batch_path(name),
        "doubles": len(keys) - chosen.items,
        "left_out": {"items": chosen.left_out, "first": chosen.reasons},
    }
    return Done(201, MadeBatchSchema().dump(found), about=name)


def _keys(given: Mapping[str, Any]) -> Sequence[str]:
    """Return the names that are given, or what is chosen by a query.

    Raises:
        BadInput: nothing is chosen, or more than one request may.
    """
    if "where" not in given:
        return list(given["assemblies"] if "scheme" in given else given["strains"])
    select: Select = where.assemblies(given["scheme"]) if "scheme" in given else where.strains
    with transaction(given["database"]) as session:
        found = select(session, _where(given))
    if not found:
        raise BadInput(f"nothing is chosen by {_where(given)}")
    return _checked(found)


def _checked(keys: Sequence[str]) -> Sequence[str]:
    if len(keys) > MOST_ITEMS:
        raise BadInput(
            f"more than {MOST_ITEMS:,} are chosen, and one request is one transaction: narrow it down by since, until "
            "and attributes, or use `crobot batch`"
        )
    return keys


def _where(given: Mapping[str, Any]) -> Where:
    asked = given["where"]
    filters = Filters(asked.get("since"), asked.get("until"), asked.get("attributes", {}), MOST_ITEMS + 1)
    return Where(asked["what"], asked.get("outcome"), filters)


def _request(given: Mapping[str, Any]) -> dict[str, Any]:
    limits = Limits(
        given.get("live_limit", USUAL.live),
        given.get("slice_size", USUAL.slice),
        given.get("max_failures"),
        given.get("max_failed_share"),
    )
    return {
        "limits": limits,
        "priority": given.get("priority", PRIORITY),
        "user_id": caller().user_id,
        "workgroup": caller().workgroup,
        "chosen_by": str(_where(given)) if "where" in given else NAMED,
    }
