"""The allelic profiles of assemblies by a nomenclature scheme, as trees are made from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crobot_errors import BadInput
from db.species import Assembly, AssemblyLookup, LookupStatus, Scheme, Strain
from db.species.assemblies import told_apart
from db.species.loci import loci_of

#: names in one message
SOME = 5


class Profile(NamedTuple):
    """The alleles of one assembly, by locus; 0 and less are none."""

    barcode: str
    #: the strain whose assembly in use it is, or the barcode
    label: str
    alleles: dict[str, int | None]


def loci(session: Session, scheme: Scheme) -> list[str]:
    """Return the names of a scheme's loci, in its order."""
    return [locus.name for locus in loci_of(session, scheme)]


def profiles(session: Session, scheme: Scheme, barcodes: Sequence[str] = ()) -> list[Profile]:
    """Return the profiles of these assemblies, or of all strains' assemblies in use.

    Raises:
        BadInput: one is given twice, or has no result of the scheme.
    """
    if twice := sorted(one for one, times in Counter(barcodes).items() if times > 1):
        raise BadInput(f"given twice: {_some(twice)}; name each assembly once")
    strain: Any = select(func.min(Strain.strain)).where(Strain.best_assembly == Assembly.id).scalar_subquery()
    query = (
        select(Assembly.barcode, strain.label("strain"), AssemblyLookup.results["alleles"].label("alleles"))
        .join(AssemblyLookup, AssemblyLookup.assembly_id == Assembly.id)
        .where(AssemblyLookup.scheme_id == scheme.id, AssemblyLookup.results.has_key("alleles"))
        .order_by(Assembly.id)
    )
    if barcodes:
        query = query.where(Assembly.barcode.in_(barcodes))
    else:
        in_use = select(Strain.best_assembly).where(Strain.best_assembly.is_not(None))
        query = query.where(AssemblyLookup.status == LookupStatus.COMPLETE, Assembly.id.in_(in_use))
    rows = session.execute(query).all()
    labels = told_apart({row.barcode: row.strain or row.barcode for row in rows})
    found = [Profile(row.barcode, labels[row.barcode], row.alleles) for row in rows]
    if missing := sorted(set(barcodes) - {one.barcode for one in found}):
        raise BadInput(
            f"no result of the scheme {scheme.description!r} for {_some(missing)}: "
            f"send it first, with `crobot send scheme … {scheme.description}`, or leave them out"
        )
    return found


def _some(names: Sequence[str]) -> str:
    more = len(names) - SOME
    return ", ".join(names[:SOME]) + (f" and {more} more" if more > 0 else "")
