"""What SeroPred says of a genome, by whichever method: the same keys for all, so that programs can rely on them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Check:
    """How far a serotype can be relied on; ``status`` is PASS, WARNING or FAIL, and each message begins so, too."""

    status: str
    messages: tuple[str, ...] = ()

    @classmethod
    def of(cls, messages: list[str]) -> Check:
        """The worst that a message says."""
        levels = {message.partition(":")[0] for message in messages}
        return cls(next((each for each in ("FAIL", "WARNING") if each in levels), "PASS"), tuple(messages))


@dataclass(frozen=True)
class Serotype:
    """A serotype; None where the method says nothing, or nothing that could be relied on."""

    method: str
    #: Salmonella: the serovar's name; Escherichia: O and H, as O16:H48
    serovar: str | None
    #: Salmonella: as B; Escherichia: the O groups that cannot be told apart
    serogroup: str | None
    O: str | None  # noqa: E741 (the antigen's name)
    H1: str | None
    #: Salmonella only
    H2: str | None
    qc: Check
    #: Salmonella only: the nearest genome by cgMLST
    cgmlst_match: dict[str, Any] | None = None
    #: the genes that were found, each with allele, identity and coverage in percent
    genes: tuple[dict[str, Any], ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """For the results; without an antigen there is no serovar, whatever a method makes of it."""
        return asdict(self)
