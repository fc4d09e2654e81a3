"""Indexes for tables of millions: a job's results, results by their version, and alleles by their former number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BY_VERSION = ["scheme_id", "status", "version", "scheme_version"]


def upgrade() -> None:
    """Make the change."""
    op.create_index("ix_assembly_lookup_job_id", "assembly_lookup", ["job_id"])
    op.create_index(f"ix_assembly_lookup_{'_'.join(BY_VERSION)}", "assembly_lookup", BY_VERSION)
    op.create_index(
        "ix_alleles_locus_id_former_number",
        "alleles",
        ["locus_id", "former_number"],
        postgresql_where=sa.text("former_number IS NOT NULL"),
    )
    op.drop_index("ix_assembly_lookup_scheme_id_status", "assembly_lookup")


def downgrade() -> None:
    """Undo the change."""
    op.create_index("ix_assembly_lookup_scheme_id_status", "assembly_lookup", ["scheme_id", "status"])
    op.drop_index("ix_alleles_locus_id_former_number", "alleles")
    op.drop_index(f"ix_assembly_lookup_{'_'.join(BY_VERSION)}", "assembly_lookup")
    op.drop_index("ix_assembly_lookup_job_id", "assembly_lookup")
