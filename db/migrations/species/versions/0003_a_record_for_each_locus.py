"""A record for each locus instead of the annotation's text: one locus is found without reading the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from db.species.gff_index import Indexed, decode, encode

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

#: texts in memory at a time
SLICE = 100

LOCI = sa.text("SELECT name FROM loci WHERE scheme_id = :scheme_id ORDER BY position")
TEXTS = sa.text("""
    SELECT id, scheme_id, annotation FROM assembly_lookup
    WHERE id > :last AND annotation IS NOT NULL ORDER BY id LIMIT :slice""")
STORE = sa.text("""
    INSERT INTO annotations (lookup_id, records, contigs, rest) VALUES (:lookup_id, :records, :contigs, :rest)""")
RECORDS = sa.text("""
    SELECT l.id, l.scheme_id, a.records, a.contigs, a.rest
    FROM annotations a JOIN assembly_lookup l ON l.id = a.lookup_id
    WHERE l.id > :last ORDER BY l.id LIMIT :slice""")
RESTORE = sa.text("UPDATE assembly_lookup SET annotation = :gff WHERE id = :id")


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "annotations",
        sa.Column("lookup_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "records",
            sa.LargeBinary(),
            nullable=False,
            comment="16 bytes a locus, in the scheme's order: contig, start, length, allele, …",
        ),
        sa.Column(
            "contigs",
            sa.ARRAY(sa.Text()),
            nullable=False,
            comment="names, as records count them from 1",
        ),
        sa.Column(
            "rest",
            sa.LargeBinary(),
            nullable=False,
            comment="the lines of the GFF that no record gives back; zlib",
        ),
        sa.ForeignKeyConstraint(
            ["lookup_id"], ["assembly_lookup.id"], name=op.f("fk_annotations_lookup_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("lookup_id", name=op.f("pk_annotations")),
    )
    # not compressed: substring() then reads only the page that it needs
    op.execute("ALTER TABLE annotations ALTER records SET STORAGE EXTERNAL, ALTER rest SET STORAGE EXTERNAL")
    loci = _Loci()
    for row in _rows(TEXTS):
        indexed = encode(row.annotation, loci.of(row.scheme_id))
        op.get_bind().execute(STORE, {"lookup_id": row.id, **vars(indexed)})
    op.drop_column("assembly_lookup", "annotation")


def downgrade() -> None:
    """Undo the change."""
    op.add_column(
        "assembly_lookup",
        sa.Column(
            "annotation",
            sa.Text(),
            nullable=True,
            comment="nomenclature: GFF with the loci's positions; large, so loaded only when asked for",
        ),
    )
    loci = _Loci()
    for row in _rows(RECORDS):
        indexed = Indexed(bytes(row.records), row.contigs, bytes(row.rest))
        op.get_bind().execute(RESTORE, {"id": row.id, "gff": decode(indexed, loci.of(row.scheme_id))})
    op.drop_table("annotations")


def _rows(query: sa.TextClause) -> Iterator[sa.Row[Any]]:
    last = 0
    while rows := op.get_bind().execute(query, {"last": last, "slice": SLICE}).all():
        yield from rows
        last = rows[-1].id


class _Loci:
    """The loci of each scheme, in its order."""

    def __init__(self) -> None:
        self.known: dict[int, list[str]] = {}

    def of(self, scheme_id: int) -> list[str]:
        if scheme_id not in self.known:
            self.known[scheme_id] = list(op.get_bind().scalars(LOCI, {"scheme_id": scheme_id}))
        return self.known[scheme_id]
