"""The version of the scheme beside that of the pipeline: outdated results are found without reading all of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column(
        "assembly_lookup",
        sa.Column(
            "scheme_version",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="nomenclature: the version of the scheme that the results are by",
        ),
    )
    op.execute("""
        UPDATE assembly_lookup SET scheme_version = results ->> 'scheme_version'
        WHERE results ->> 'scheme_version' IS NOT NULL""")


def downgrade() -> None:
    """Undo the change."""
    op.drop_column("assembly_lookup", "scheme_version")
