"""NomenclatureJob: the alleles of an MLST scheme in an assembly get their numbers, the profile its sequence type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from sqlalchemy.orm import Session

from crobot_errors import BadInput
from crobot_tasks.jobs import scheme_export
from crobot_tasks.jobs.assembly_based import RemoteAssemblyBasedJob
from crobot_tasks.lifecycle.job_types import register
from crobot_tasks.lifecycle.storage.outputs import Outputs
from db import nomenclature
from db.engine import database_of
from db.species import Scheme

#: statuses of a locus that have no allele number
WITHOUT_NUMBER = ("missing", "fragmented", "duplicated")


class NomenclatureJob(RemoteAssemblyBasedJob):
    """Types an assembly by an MLST scheme.

    Raises:
        UnknownSpecies, UnknownScheme: there is none of this name.
        BadInput: no such assembly, or no MLST scheme.
    """

    own_params = frozenset({"scheme", "scheme_dir", "prefix"})
    texts = frozenset({"gff"})

    def __init__(self, *, scheme: Scheme, database: str, scheme_dir: str = "", **more: Any) -> None:
        super().__init__(scheme=scheme, database=database, pipeline="nomenclature", **more)
        self.inputs = {"assembly": self.assembly_filepointer}
        self.params = {
            "scheme": _name_of(database, scheme),
            "scheme_dir": scheme_dir or _directory(database, scheme),
            "prefix": self.assembly_barcode,
        }

    @classmethod
    def arguments(
        cls, session: Session, scheme: Scheme, barcodes: Sequence[str]
    ) -> dict[str, dict[str, Any]]:
        """Return ``scheme_dir``, where nodes read the current version of the scheme.

        Raises:
            BadInput: it is no MLST scheme.
        """
        return dict.fromkeys(barcodes, {"scheme_dir": _directory(database_of(session), scheme)})

    @classmethod
    def type_of(cls, scheme: Scheme) -> str:
        """Return ``nomenclature:<scheme>``."""
        return f"nomenclature:{scheme.description}"

    def process_job(self, session: Session, result: dict[str, Any], outputs: Outputs) -> str | None:
        """(d) Number what is new, and write the sequence type, the alleles and their positions."""
        outputs.file("gff")
        message = super().process_job(session, result, outputs)
        found, scheme = result["results"], self.params["scheme"]
        new = {call["locus"]: call["sequence"] for call in found["calls"] if call["status"] == "new"}
        numbers = nomenclature.number_alleles(session, scheme, new) if new else {}
        st = nomenclature.number_profile(session, scheme, found["alleles"] | numbers)
        ids = nomenclature.published_ids(session, scheme, st.alleles)
        changed = {locus: n for locus, n in st.alleles.items() if n != found["alleles"].get(locus)}
        self.complete(
            session,
            result,
            _results(found, st.alleles) | {"ST": st.number, "published_ids": ids},
            st_barcode=st.barcode,
            annotation=with_numbers(outputs.texts["gff"], changed),
        )
        return message


def _directory(database: str, scheme: Scheme) -> str:
    """Return where nodes read the current version of a scheme; it is written if it is not there."""
    return str(scheme_export.export(database, _name_of(database, scheme)))


def _name_of(database: str, scheme: Scheme) -> str:
    """Return the name of a scheme in the nomenclature."""
    name = scheme.param.get("scheme")
    if not name:
        raise BadInput(
            f"the scheme {scheme.description!r} of {database!r} is no MLST scheme: its param names no 'scheme'"
        )
    return str(name)


def _results(found: dict[str, Any], alleles: dict[str, int]) -> dict[str, Any]:
    by_status = {
        status: [call["locus"] for call in found["calls"] if call["status"] == status]
        for status in ("new", *WITHOUT_NUMBER)
    }
    return {
        "scheme": found["scheme"],
        "scheme_version": found["scheme_version"],
        "alleles": alleles,
        **by_status,
    }


def with_numbers(gff: str, numbers: Mapping[str, int]) -> str:
    """Return the GFF text with the numbers that the node could not know: of new alleles, and of those renumbered."""
    if not numbers:
        return gff
    return "\n".join(_with_number(line, numbers) for line in gff.split("\n"))


def _with_number(line: str, numbers: Mapping[str, int]) -> str:
    *columns, attributes = line.split("\t")
    values = dict(pair.split("=", 1) for pair in attributes.split(";") if "=" in pair)
    number = numbers.get(unquote(values.get("locus", "")))
    if number is None:
        return line
    return "\t".join(
        [*columns, ";".join(f"{key}={value}" for key, value in (values | {"allele": number}).items())]
    )


register("nomenclature", NomenclatureJob)
