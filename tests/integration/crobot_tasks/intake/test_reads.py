"""Sending accessions: what cannot be fetched is refused before a strain or a job is there."""

from __future__ import annotations

import pytest

import celeryconfig
from crobot_errors import BadAccession, BadInput
from crobot_tasks.intake.reads import send_reads
from db.engine import transaction
from db.species import Strain

pytestmark = pytest.mark.usefixtures("two_species")


@pytest.mark.parametrize(
    ("template", "accession", "error"),
    [
        ("http://h/{acession}_{mate}", "ERR123456", BadInput),
        ("http://h/{folder}/{accession}_{mate}", "ERR1234567890", BadAccession),
    ],
)
def test_an_address_that_cannot_be_is_refused_at_the_send(
    monkeypatch: pytest.MonkeyPatch, template: str, accession: str, error: type[BadInput]
) -> None:
    monkeypatch.setattr(celeryconfig, "crobot_archive_url", template)
    with pytest.raises(error):
        send_reads("ecoli", "strain", [[accession]])
    with transaction("ecoli") as session:
        assert session.query(Strain).count() == 0
