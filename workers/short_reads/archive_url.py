"""Addresses in the read archive: a template, checked before it is used, whose fields are filled in for an accession."""

from __future__ import annotations

from collections.abc import Collection
from string import Formatter
from urllib.parse import urlsplit

from crobot_errors import BadAccession, BadInput

#: what a template may have, for a run that is ERR1234567
FIELDS = {
    "accession": "ERR1234567",
    "mate": "1 or 2",
    "prefix": "ERR123",
    "folder": "ERR123/007, the public archives' folders of a run",
}
#: characters of an accession that its first folder has; those of a run without a second folder; digits of that one
PREFIX, SHORT, MORE = 6, 9, 3


def checked_template(template: str, setting: str, needed: Collection[str] = ("accession", "mate")) -> str:
    """Return a template of addresses whose fields are known.

    Raises: BadInput naming the setting, what is wrong, and the fields that there are.
    """
    shown = f"{setting} is {without_password(template)!r}"
    try:
        parts = [part for part in Formatter().parse(template) if part[1] is not None]
    except ValueError as error:
        raise BadInput(f"{shown}: {error}; {_known()}") from error
    for _, name, form, conversion in parts:
        if name not in FIELDS or form or conversion:
            raise BadInput(
                f"{shown}: it cannot have the field {{{name}{':' + form if form else ''}}}; {_known()}"
            )
    missing = [f"{{{name}}}" for name in needed if name not in {name for _, name, _, _ in parts}]
    if missing:
        raise BadInput(f"{shown}: it lacks {' and '.join(missing)}; {_known()}")
    if urlsplit(template).scheme not in ("http", "https"):
        raise BadInput(f"{shown}: it does not begin with http:// or https://")
    return template


def address(template: str, accession: str, mate: int | str = "") -> str:
    """Return the address of one file of a run.

    Raises: BadAccession if the template needs folders that are not known for an accession so long.
    """
    prefix, rest = accession[:PREFIX], accession[SHORT:]
    if len(rest) > MORE and "{folder}" in template:
        raise BadAccession(
            f"{accession} has more digits than the archive's folders are known for (6 to 9): "
            "fetch its files and send them"
        )
    folder = f"{prefix}/{rest.zfill(MORE)}" if rest else prefix
    return template.format(accession=accession, mate=mate, prefix=prefix, folder=folder)


def single_address(template: str, accession: str) -> str:
    """Return the address under which a run of single reads would be; empty if the template does not tell."""
    return address(template.replace("_{mate}", ""), accession) if "_{mate}" in template else ""


def without_password(url: str) -> str:
    """Return an address without the name and password that it may hold."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _known() -> str:
    return "there are " + ", ".join(f"{{{name}}} ({example})" for name, example in FIELDS.items())
