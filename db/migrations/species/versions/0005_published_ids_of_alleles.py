"""What a publisher calls an allele whose id is no number, beside the number that it got here."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column(
        "alleles",
        sa.Column(
            "published_id",
            sa.Text(),
            nullable=True,
            comment="what its publisher calls it, if that is no number; then the number was given here",
        ),
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_column("alleles", "published_id")
