"""What a publisher's table says of a sequence type beside its alleles, as its clonal complex."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column(
        "sequence_types",
        sa.Column(
            "published",
            JSONB(),
            server_default="{}",
            nullable=False,
            comment="other columns of its publisher's table: clonal_complex, …",
        ),
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_column("sequence_types", "published")
