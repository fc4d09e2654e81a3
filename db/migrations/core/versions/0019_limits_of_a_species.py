"""Limits of the QA that a species has of its own, so that its genus need not be one of the original's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

GENUS = "decides the QA thresholds"


def upgrade() -> None:
    """Make the change."""
    comment = "limits of its own: bases, n50, contigs, n and species (percent), and their source"
    op.add_column("species", sa.Column("qa", JSONB(), nullable=True, comment=comment), schema="crobot")
    new = f"{GENUS}, if there are none of its own"
    op.alter_column("species", "genus", comment=new, existing_comment=GENUS, schema="crobot")


def downgrade() -> None:
    """Undo the change."""
    old = f"{GENUS}, if there are none of its own"
    op.alter_column("species", "genus", comment=GENUS, existing_comment=old, schema="crobot")
    op.drop_column("species", "qa", schema="crobot")
