"""A new pair of files to be uploaded, with the metadata of its strain: checked before any byte is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import celeryconfig
import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import BadInput
from crobot_tasks.intake.table.attributes import Value, kinds, read
from crobot_tasks.intake.uploads.naming import checked_file_name
from db.crobot.clock import now
from db.engine import lock, transaction
from db.known_species import find_species
from db.species.new_reads import attribute_names, known_strains
from db.species.strains import checked_name
from db.system import uploads

#: pairs of a user that are neither sent nor over
MOST_OPEN = 1_000


class WrongField(BadInput):
    """A field that cannot be; ``field`` says which."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def new_pair(
    *,
    user_id: int,
    database: str,
    strain: str,
    metadata: Mapping[str, Any],
    names: Sequence[str],
    request: Mapping[str, Any],
) -> Any:
    """Add a pair, ``names`` being those of read1 and read2, in the transaction that is open; return its row.

    ``request`` is what the assembly job is sent with: ``workgroup``, ``batch``, ``priority``, ``params``.

    Raises:
        BadInput: it could never be sent; WrongField says by which field.
    """
    files = _checked_names(names)
    with transaction(database) as session:
        find_species(session, database)
        lock(session, f"uploads of {user_id}")
        if uploads.count_open(session, user_id) >= MOST_OPEN:
            raise BadInput(
                f"the user {user_id} has {MOST_OPEN:,} uploads that are not sent: go on with those, or withdraw some"
            )
        name = _named("strain", lambda: checked_name(strain))
        attributes = _attributes(metadata, set(kinds(attribute_names(session))), now(session).year)
        _check_strain(session, name, user_id, attributes)
        values = {"user_id": user_id, "database": database, "strain": name, "data": attributes}
        return uploads.add(
            session,
            values | {"file_names": files, "request": dict(request)},
            celeryconfig.crobot_upload_expires_s,
        )


def _checked_names(names: Sequence[str]) -> list[str]:
    read1, read2 = (
        _named(field, lambda name=name: checked_file_name(name))
        for field, name in zip(("read1", "read2"), names, strict=True)
    )
    if read1 == read2:
        raise WrongField("read2", f"read1 and read2 have the same name {read1!r}: they are two files")
    return [read1, read2]


def _attributes(metadata: Mapping[str, Any], known: set[str], year: int) -> dict[str, Value]:
    found = {}
    for name, value in metadata.items():
        field = f"metadata.{name}"
        if name not in known:
            raise WrongField(
                field, f"there is no metadata {name!r:.60}: known are {', '.join(sorted(known))}"
            )
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise WrongField(field, f"{value!r:.60} is no text and no number")
        if text := str(value).strip():
            found[name] = _named(field, lambda name=name, text=text: read(name, text, year))
    return found


def _check_strain(session: Any, name: str, user_id: int, attributes: Mapping[str, Value]) -> None:
    """Let nobody believe that the metadata of a strain which is there would be changed."""
    known = known_strains(session, [name], user_id).get(name)
    for key, value in attributes.items() if known is not None else ():
        stored = known.attributes.get(key)  # type: ignore[union-attr]
        if stored != value:
            raise WrongField(
                f"metadata.{key}",
                f"the strain {name!r} is there, and its {key} is {stored!r}, not {value!r}: leave it out, or name "
                "another strain",
            )


def _named(field: str, work: Any) -> Any:
    try:
        return work()
    except BadInput as error:
        raise WrongField(field, str(error)) from error
