"""Twenty jobs with overlapping new alleles finish at once: numbers are unique and dense, and nobody waits for ever."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier

import pytest
from sqlalchemy import select

from db import nomenclature
from db.engine import retrying, transaction
from db.nomenclature import LOCAL_OFFSET, number_alleles, number_profile
from db.species import Allele, Locus, SequenceType
from tests.processes import PATIENCE_S

pytestmark = pytest.mark.usefixtures("two_species")

#: so many different new alleles each locus has
VARIANTS = 3
AT_ONCE = 20


def allele(locus: str, variant: int) -> str:
    return "".join(random.Random(f"{locus} {variant}").choices("ACGT", k=300))


@dataclass(frozen=True)
class Size:
    """A scheme, and what finishes at once."""

    scheme: str
    loci: int
    #: of a genome
    new: int
    finishes: int

    @property
    def names(self) -> list[str]:
        return [f"{self.scheme}{number:04}" for number in range(self.loci)]


SIZES = [
    pytest.param(Size("many", loci=300, new=100, finishes=60), id="300 loci"),
    # 21 s on two busy cores, 176 s when each allele had statements of its own
    pytest.param(Size("most", loci=3000, new=2900, finishes=20), id="3,000 loci", marks=pytest.mark.full),
]


def genome(size: Size, seed: int) -> dict[str, str]:
    """The new alleles of one genome, of few kinds, in an order of its own."""
    chance = random.Random(seed)
    return {
        locus: allele(locus, chance.randrange(1, VARIANTS + 1))
        for locus in chance.sample(size.names, size.new)
    }


def finish(size: Size, seed: int, barrier: Barrier) -> tuple[dict[str, int], int | None]:
    """Number what one genome has, in one transaction, as a finishing job does; a tenth of them fail at the end."""
    new = genome(size, seed)
    barrier.wait(PATIENCE_S)

    def work() -> tuple[dict[str, int], int | None]:
        with transaction("senterica") as session:
            numbers = number_alleles(session, size.scheme, new)
            st = number_profile(session, size.scheme, dict.fromkeys(size.names, 1) | numbers)
            if seed % 10 == 0:
                raise ZeroDivisionError
            return numbers, st.number

    return retrying(work)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("size", SIZES)
def test_twenty_finishes_at_once_give_unique_dense_numbers(size: Size) -> None:
    loci, name = size.names, size.scheme
    published = [(locus, 1, allele(locus, 0)) for locus in loci]
    with transaction("senterica") as session:
        nomenclature.import_scheme(session, name, name, name, loci, published, [])
    barrier = Barrier(AT_ONCE)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        sent = {seed: pool.submit(finish, size, seed, barrier) for seed in range(size.finishes)}
        failed = {seed for seed, done in sent.items() if isinstance(done.exception(500), ZeroDivisionError)}
        done = {seed: each.result() for seed, each in sent.items() if seed not in failed}
    assert failed == set(range(0, size.finishes, 10))

    with transaction("senterica") as session:
        rows = session.execute(
            select(Locus.name, Allele.sequence, Allele.number)
            .join(Locus, Locus.id == Allele.locus_id)
            .where(Allele.number > LOCAL_OFFSET, Locus.name.in_(loci))
        ).all()
        types = session.scalars(
            select(SequenceType.number).join(Locus, Locus.scheme_id == SequenceType.scheme_id)
            .where(Locus.name == loci[0])
        ).all()  # fmt: skip
    stored = {(name, sequence): number for name, sequence, number in rows}
    wanted = {(locus, bases) for seed in done for locus, bases in genome(size, seed).items()}
    assert stored.keys() == wanted
    assert len(rows) == len(stored)
    for seed, (numbers, _) in done.items():
        assert numbers == {locus: stored[locus, bases] for locus, bases in genome(size, seed).items()}
    for locus in loci:
        given = sorted(number for (name, _), number in stored.items() if name == locus)
        assert given == list(range(LOCAL_OFFSET + 1, LOCAL_OFFSET + 1 + len(given)))
    # every genome is another profile, so another sequence type, without a gap
    assert sorted(types) == list(range(LOCAL_OFFSET + 1, LOCAL_OFFSET + 1 + len(done)))
    assert {st for _, st in done.values()} == set(types)
