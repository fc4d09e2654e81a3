"""Twenty jobs with overlapping new alleles finish at once: numbers are unique and dense, and nobody waits for ever."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from db import nomenclature
from db.engine import retrying, transaction
from db.nomenclature import LOCAL_OFFSET, number_alleles, number_profile
from db.species import Allele, Locus, SequenceType

pytestmark = pytest.mark.usefixtures("two_species")

LOCI = [f"g{number:03}" for number in range(300)]
#: so many different new alleles each locus has
VARIANTS = 3
FINISHES, AT_ONCE = 60, 20


def allele(locus: str, variant: int) -> str:
    return "".join(random.Random(f"{locus} {variant}").choices("ACGT", k=300))


def genome(seed: int) -> dict[str, str]:
    """The new alleles of one genome: a third of its loci, of few kinds, in an order of its own."""
    chance = random.Random(seed)
    return {locus: allele(locus, chance.randrange(1, VARIANTS + 1)) for locus in chance.sample(LOCI, 100)}


def finish(seed: int, barrier: Barrier) -> tuple[dict[str, int], int | None]:
    """Number what one genome has, in one transaction, as a finishing job does; a tenth of them fail at the end."""
    new = genome(seed)
    barrier.wait(60)

    def work() -> tuple[dict[str, int], int | None]:
        with transaction("senterica") as session:
            numbers = number_alleles(session, "many", new)
            st = number_profile(session, "many", dict.fromkeys(LOCI, 1) | numbers)
            if seed % 10 == 0:
                raise ZeroDivisionError
            return numbers, st.number

    return retrying(work)


def test_twenty_finishes_at_once_give_unique_dense_numbers() -> None:
    published = [(locus, 1, allele(locus, 0)) for locus in LOCI]
    with transaction("senterica") as session:
        nomenclature.import_scheme(session, "many", "many", "many", LOCI, published, [])
    barrier = Barrier(AT_ONCE)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        sent = {seed: pool.submit(finish, seed, barrier) for seed in range(FINISHES)}
        failed = {seed for seed, done in sent.items() if isinstance(done.exception(120), ZeroDivisionError)}
        done = {seed: each.result() for seed, each in sent.items() if seed not in failed}
    assert failed == set(range(0, FINISHES, 10))

    with transaction("senterica") as session:
        rows = session.execute(
            select(Locus.name, Allele.sequence, Allele.number)
            .join(Locus, Locus.id == Allele.locus_id)
            .where(Allele.number > LOCAL_OFFSET, Locus.name.in_(LOCI))
        ).all()
        types = session.scalars(
            select(SequenceType.number).join(Locus, Locus.scheme_id == SequenceType.scheme_id)
            .where(Locus.name == LOCI[0])
        ).all()  # fmt: skip
    stored = {(name, sequence): number for name, sequence, number in rows}
    wanted = {(locus, bases) for seed in done for locus, bases in genome(seed).items()}
    assert stored.keys() == wanted
    assert len(rows) == len(stored)
    for seed, (numbers, _) in done.items():
        assert numbers == {locus: stored[locus, bases] for locus, bases in genome(seed).items()}
    for locus in LOCI:
        given = sorted(number for (name, _), number in stored.items() if name == locus)
        assert given == list(range(LOCAL_OFFSET + 1, LOCAL_OFFSET + 1 + len(given)))
    # every genome is another profile, so another sequence type, without a gap
    assert sorted(types) == list(range(LOCAL_OFFSET + 1, LOCAL_OFFSET + 1 + len(done)))
    assert {st for _, st in done.values()} == set(types)
