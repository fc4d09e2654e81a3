"""the tables of a species."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "assemblies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("barcode", sa.Text(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "Assembled", "Failed QA", name="status", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("job_id", sa.BigInteger(), nullable=True, comment="the job that made it"),
        sa.Column("pipeline_version", sa.Text(), server_default="", nullable=False),
        sa.Column("file_pointer", sa.Text(), nullable=False, comment="absolute path of the FASTA file"),
        sa.Column("n50", sa.Integer(), nullable=True, comment="bases"),
        sa.Column("total_length", sa.Integer(), nullable=True, comment="bases"),
        sa.Column("contig_number", sa.Integer(), nullable=True),
        sa.Column("coverage", sa.Double(), nullable=True, comment="mean depth"),
        sa.Column("low_qualities", sa.Double(), nullable=True, comment="share of N, 0 to 1"),
        sa.Column("top_species", sa.Text(), nullable=True),
        sa.Column(
            "stats",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="each QA measure with its limit",
        ),
        sa.Column(
            "version",
            sa.Integer(),
            server_default="1",
            nullable=False,
            comment="of this row; former ones are in the archive",
        ),
        sa.Column("modified_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("modified_by", sa.Integer(), server_default="0", nullable=False, comment="user id"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assemblies")),
        sa.UniqueConstraint("barcode", name=op.f("uq_assemblies_barcode")),
        sa.UniqueConstraint("job_id", name=op.f("uq_assemblies_job_id")),
    )
    op.create_table(
        "assemblies_archive",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "data", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="the whole row as it was"
        ),
        sa.Column(
            "archived_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="when it was replaced",
        ),
        sa.Column("archived_by", sa.Integer(), nullable=False, comment="the user id that replaced it"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assemblies_archive")),
        sa.UniqueConstraint("row_id", "version", name=op.f("uq_assemblies_archive_row_id_version")),
    )
    op.create_table(
        "schemes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False, comment="the scheme's name in programs"),
        sa.Column("name", sa.Text(), nullable=False, comment="its label for people"),
        sa.Column(
            "param",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="pipeline, scheme, display, barcode",
        ),
        sa.Column(
            "release",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="nomenclature: counts published sets of alleles",
        ),
        sa.Column(
            "version",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="nomenclature: release and digest of its alleles",
        ),
        sa.Column(
            "last_local_st",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="how many STs were numbered here",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schemes")),
        sa.UniqueConstraint("description", name=op.f("uq_schemes_description")),
    )
    op.create_index(
        "uq_schemes_nomenclature", "schemes", [sa.literal_column("(param ->> 'scheme')")], unique=True
    )
    op.create_table(
        "strains_archive",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "data", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="the whole row as it was"
        ),
        sa.Column(
            "archived_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="when it was replaced",
        ),
        sa.Column("archived_by", sa.Integer(), nullable=False, comment="the user id that replaced it"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strains_archive")),
        sa.UniqueConstraint("row_id", "version", name=op.f("uq_strains_archive_row_id_version")),
    )
    op.create_table(
        "traces_archive",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "data", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="the whole row as it was"
        ),
        sa.Column(
            "archived_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="when it was replaced",
        ),
        sa.Column("archived_by", sa.Integer(), nullable=False, comment="the user id that replaced it"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_traces_archive")),
        sa.UniqueConstraint("row_id", "version", name=op.f("uq_traces_archive_row_id_version")),
    )
    op.create_table(
        "assembly_lookup",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assembly_id", sa.Integer(), nullable=False),
        sa.Column("scheme_id", sa.Integer(), nullable=False),
        sa.Column(
            "reference",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="snp_calls: the reference assembly's barcode; else blank, so one row a scheme",
        ),
        sa.Column(
            "version",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="of the pipeline, of the latest job",
        ),
        sa.Column(
            "status",
            sa.Enum(
                "QUEUED",
                "COMPLETE",
                "FAILED",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "st_barcode",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="nomenclature: the sequence type's barcode; snp_calls: the reference's; else blank",
        ),
        sa.Column(
            "annotation",
            sa.Text(),
            nullable=True,
            comment="nomenclature: GFF with the loci's positions; large, so loaded only when asked for",
        ),
        sa.Column("job_id", sa.BigInteger(), nullable=True, comment="the latest job"),
        sa.Column("job_count", sa.Integer(), server_default="0", nullable=False, comment="times sent"),
        sa.Column(
            "complete_count",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="times a result was processed",
        ),
        sa.Column(
            "queued_count",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="live jobs: more than 1 is a defect",
        ),
        sa.Column(
            "fail_count",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="times failed; update_scheme decides by it",
        ),
        sa.Column("results", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "reference = '' OR st_barcode = reference",
            name=op.f("ck_assembly_lookup_reference_is_st_barcode"),
        ),
        sa.ForeignKeyConstraint(
            ["assembly_id"],
            ["assemblies.id"],
            name=op.f("fk_assembly_lookup_assembly_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["scheme_id"], ["schemes.id"], name=op.f("fk_assembly_lookup_scheme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assembly_lookup")),
        sa.UniqueConstraint(
            "assembly_id",
            "scheme_id",
            "reference",
            name=op.f("uq_assembly_lookup_assembly_id_scheme_id_reference"),
        ),
    )
    op.create_index(
        op.f("ix_assembly_lookup_scheme_id_st_barcode"),
        "assembly_lookup",
        ["scheme_id", "st_barcode"],
        unique=False,
    )
    op.create_index(
        op.f("ix_assembly_lookup_scheme_id_status"), "assembly_lookup", ["scheme_id", "status"], unique=False
    )
    op.create_table(
        "loci",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scheme_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="its place in the profile, from 0"),
        sa.Column(
            "last_local_allele",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="how many alleles were numbered here",
        ),
        sa.ForeignKeyConstraint(["scheme_id"], ["schemes.id"], name=op.f("fk_loci_scheme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loci")),
        sa.UniqueConstraint("scheme_id", "name", name=op.f("uq_loci_scheme_id_name")),
        sa.UniqueConstraint("scheme_id", "position", name=op.f("uq_loci_scheme_id_position")),
    )
    op.create_table(
        "sequence_types",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scheme_id", sa.Integer(), nullable=False),
        sa.Column(
            "number",
            sa.Integer(),
            nullable=False,
            comment="imported ones are up to 1,000,000, those given here above",
        ),
        sa.Column(
            "former_number",
            sa.Integer(),
            nullable=True,
            comment="the local number it had before an import named it",
        ),
        sa.Column(
            "profile",
            sa.ARRAY(sa.Integer()),
            nullable=False,
            comment="allele numbers in the order of the loci; 0: missing",
        ),
        sa.Column(
            "digest",
            sa.LargeBinary(),
            nullable=False,
            comment="sha256 of the profile: 3,000 loci fit no index",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_sequence_types_number")),
        sa.ForeignKeyConstraint(["scheme_id"], ["schemes.id"], name=op.f("fk_sequence_types_scheme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sequence_types")),
        sa.UniqueConstraint("scheme_id", "number", name=op.f("uq_sequence_types_scheme_id_number")),
    )
    op.create_index(
        op.f("ix_sequence_types_scheme_id_digest"), "sequence_types", ["scheme_id", "digest"], unique=False
    )
    op.create_index(
        "uq_sequence_types_local",
        "sequence_types",
        ["scheme_id", "digest"],
        unique=True,
        postgresql_where=sa.text("number > 1000000"),
    )
    op.create_table(
        "strains",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("barcode", sa.Text(), nullable=True),
        sa.Column("strain", sa.Text(), nullable=False, comment="the isolate's name, one isolate an owner"),
        sa.Column("best_assembly", sa.Integer(), nullable=True, comment="the assembly in use"),
        sa.Column("owner", sa.Integer(), server_default="0", nullable=False, comment="user id"),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="source, country, year, …",
        ),
        sa.Column(
            "version",
            sa.Integer(),
            server_default="1",
            nullable=False,
            comment="of this row; former ones are in the archive",
        ),
        sa.Column("modified_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("modified_by", sa.Integer(), server_default="0", nullable=False, comment="user id"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["best_assembly"], ["assemblies.id"], name=op.f("fk_strains_best_assembly"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strains")),
        sa.UniqueConstraint("barcode", name=op.f("uq_strains_barcode")),
        sa.UniqueConstraint("owner", "strain", name=op.f("uq_strains_owner_strain")),
    )
    op.create_index(op.f("ix_strains_best_assembly"), "strains", ["best_assembly"], unique=False)
    op.create_table(
        "alleles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("locus_id", sa.Integer(), nullable=False),
        sa.Column(
            "number",
            sa.Integer(),
            nullable=False,
            comment="imported ones are up to 1,000,000, those given here above",
        ),
        sa.Column(
            "former_number",
            sa.Integer(),
            nullable=True,
            comment="the local number it had before an import named it",
        ),
        sa.Column("sha256", sa.LargeBinary(), nullable=False, comment="of the sequence in upper case"),
        sa.Column("sequence", sa.Text(), nullable=False),
        sa.Column(
            "release", sa.Integer(), nullable=False, comment="the scheme's release from which nodes have it"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_alleles_number")),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_alleles_sha256")),
        sa.ForeignKeyConstraint(["locus_id"], ["loci.id"], name=op.f("fk_alleles_locus_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alleles")),
        sa.UniqueConstraint("locus_id", "number", name=op.f("uq_alleles_locus_id_number")),
        sa.UniqueConstraint("locus_id", "sha256", name=op.f("uq_alleles_locus_id_sha256")),
    )
    op.create_table(
        "traces",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("barcode", sa.Text(), nullable=True),
        sa.Column("strain_id", sa.Integer(), nullable=False),
        sa.Column("accession", sa.Text(), nullable=True, comment="of the run, when the reads are archived"),
        sa.Column("read1", sa.Text(), nullable=True, comment="absolute path, when the reads were uploaded"),
        sa.Column("read2", sa.Text(), nullable=True),
        sa.Column("seq_platform", sa.Text(), server_default="ILLUMINA", nullable=False),
        sa.Column("seq_library", sa.Text(), server_default="Paired", nullable=False),
        sa.Column(
            "version",
            sa.Integer(),
            server_default="1",
            nullable=False,
            comment="of this row; former ones are in the archive",
        ),
        sa.Column("modified_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("modified_by", sa.Integer(), server_default="0", nullable=False, comment="user id"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("accession IS NOT NULL OR read1 IS NOT NULL", name=op.f("ck_traces_reads")),
        sa.ForeignKeyConstraint(["strain_id"], ["strains.id"], name=op.f("fk_traces_strain_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_traces")),
        sa.UniqueConstraint("accession", name=op.f("uq_traces_accession")),
        sa.UniqueConstraint("barcode", name=op.f("uq_traces_barcode")),
        sa.UniqueConstraint("read1", "read2", name=op.f("uq_traces_read1_read2")),
    )
    op.create_index(op.f("ix_traces_strain_id"), "traces", ["strain_id"], unique=False)
    op.create_table(
        "trace_assembly",
        sa.Column("trace_id", sa.Integer(), nullable=False),
        sa.Column("assembly_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assembly_id"], ["assemblies.id"], name=op.f("fk_trace_assembly_assembly_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["trace_id"], ["traces.id"], name=op.f("fk_trace_assembly_trace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("trace_id", "assembly_id", name=op.f("pk_trace_assembly")),
    )
    op.create_index(op.f("ix_trace_assembly_assembly_id"), "trace_assembly", ["assembly_id"], unique=False)


def downgrade() -> None:
    """Undo the change."""
    op.drop_index(op.f("ix_trace_assembly_assembly_id"), table_name="trace_assembly")
    op.drop_table("trace_assembly")
    op.drop_index(op.f("ix_traces_strain_id"), table_name="traces")
    op.drop_table("traces")
    op.drop_table("alleles")
    op.drop_index(op.f("ix_strains_best_assembly"), table_name="strains")
    op.drop_table("strains")
    op.drop_index(
        "uq_sequence_types_local", table_name="sequence_types", postgresql_where=sa.text("number > 1000000")
    )
    op.drop_index(op.f("ix_sequence_types_scheme_id_digest"), table_name="sequence_types")
    op.drop_table("sequence_types")
    op.drop_table("loci")
    op.drop_index(op.f("ix_assembly_lookup_scheme_id_status"), table_name="assembly_lookup")
    op.drop_index(op.f("ix_assembly_lookup_scheme_id_st_barcode"), table_name="assembly_lookup")
    op.drop_table("assembly_lookup")
    op.drop_table("traces_archive")
    op.drop_table("strains_archive")
    op.drop_index("uq_schemes_nomenclature", table_name="schemes")
    op.drop_table("schemes")
    op.drop_table("assemblies_archive")
    op.drop_table("assemblies")
