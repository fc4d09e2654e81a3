"""What requests on analyses and SNP projects look like, and what is told of them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from crobot_tasks.web.api.answers import FileSchema
from crobot_tasks.web.api.schemas import Number, Strict, Text, Yes, callback, mark, priority
from workers.nomenclature.locus_search import MIN_COVERAGE, MIN_IDENTITY
from workers.pipelines.locus_table import MOST_ASSEMBLIES
from workers.pipelines.ms_tree import METHODS
from workers.trees.names import Names

_MOST_BARCODES = 100_000


class _Request(Strict):
    workgroup = Text(metadata={"description": "the token's own, which it is by default"})
    batch = Text()
    callback = callback()
    priority = priority()
    again = Yes(
        load_default=False, metadata={"description": "compute it, although the same was computed before"}
    )
    database = Text(required=True, metadata={"description": "the species"})


def _barcodes(least: int, **options: object) -> fields.List[str]:
    return fields.List(Text(), validate=validate.Length(least, _MOST_BARCODES), **options)  # type: ignore[arg-type]


class _Query(fields.String):
    default_error_messages = {"invalid": "not a text: write it in quotes"}


def _names() -> fields.String:
    about = "what genomes are called in files: their strain, made safe for Newick and FASTA, or the barcode"
    return fields.String(
        load_default=Names.STRAIN.value,
        validate=validate.OneOf([one.value for one in Names]),
        metadata={"description": about},
    )


class _SearchSchema(_Request):
    name = Text(load_default="", metadata={"description": "for people"})
    query = _Query(required=True, metadata={"description": "FASTA, or a bare sequence"})
    min_identity = Number(
        load_default=MIN_IDENTITY, validate=validate.Range(0, 100), metadata={"description": "percent"}
    )
    min_coverage = Number(
        load_default=MIN_COVERAGE,
        validate=validate.Range(0, 100),
        metadata={"description": "percent of the sequence's length"},
    )


class LocusSearchSchema(_SearchSchema):
    """Nucleotide sequences that are searched in an assembly."""

    assembly = Text(required=True, metadata={"description": "barcode of the assembly"})


class LocusTableSchema(_SearchSchema):
    """Nucleotide sequences that are searched in many assemblies."""

    barcodes = fields.List(
        Text(),
        load_default=list,
        validate=validate.Length(0, MOST_ASSEMBLIES),
        metadata={"description": "lines stand in this order; by default all that strains have in use"},
    )


class MSTreeSchema(_Request):
    """A tree of the allelic profiles of assemblies."""

    name = Text(load_default="", metadata={"description": "for people"})
    scheme = Text(required=True)
    barcodes = _barcodes(
        2, load_default=list, metadata={"description": "by default all that strains have in use"}
    )
    method = fields.String(load_default="MSTreeV2", validate=validate.OneOf(list(METHODS)))
    names = _names()
    colour_by = Text(
        load_default="",
        metadata={"description": "the column of the species' table that the picture shows; empty: none"},
    )


class SnpProjectSchema(_Request):
    """SNPs of assemblies against a reference, and a tree."""

    name = Text(required=True)
    reference = Text(required=True, metadata={"description": "barcode; it is in the tree"})
    assemblies = _barcodes(1, required=True, metadata={"description": "barcodes"})
    outgroup = Text(
        load_default="", metadata={"description": "where the tree has its root; empty: in its middle"}
    )
    names = _names()
    core_threshold = Number(
        load_default=0.95,
        validate=validate.Range(0, 1, min_inclusive=False),
        metadata={"description": "share of the genomes that must decide a site", "exclusiveMinimum": True},
    )


class AnalysesQuery(Strict):
    """Which analyses are listed."""

    database = Text(metadata={"description": "the species"})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 1000))
    after = mark()


# --- answers ----------------------------------------------------------------------------------------------------------


class SentAnalysisSchema(Schema):
    """What became of an analysis that was sent."""

    analysis = fields.Integer()
    job = fields.Integer()
    joined = fields.Boolean(metadata={"description": "the same question is under way, and is joined"})
    cached = fields.Boolean(metadata={"description": "an earlier analysis has the result"})
    url = fields.String()


class ListedAnalysisSchema(Schema):
    """An analysis in a list."""

    id = fields.Integer()
    type = fields.String()
    name = fields.String()
    species = fields.String(allow_none=True)
    user = fields.Integer()
    state = fields.String(metadata={"description": "queued, complete or failed"})
    job = fields.Integer(allow_none=True)
    error = fields.String(allow_none=True)
    created = fields.String(allow_none=True)
    modified = fields.String(allow_none=True)
    url = fields.String()


class AnalysesSchema(Schema):
    """A page of analyses, the newest first."""

    analyses = fields.List(fields.Nested(ListedAnalysisSchema))
    next = fields.String(allow_none=True, metadata={"description": "the path of the next page"})


class AnalysisSchema(ListedAnalysisSchema):
    """An analysis with what it found."""

    data = fields.Raw(metadata={"description": "what was asked, and what was found"})
    files = fields.List(fields.Nested(FileSchema))


class ListedProjectSchema(Schema):
    """An SNP project in a list."""

    id = fields.Integer()
    state = fields.String(metadata={"description": "live, complete or failed"})
    species = fields.String()
    name = fields.String()
    user_id = fields.Integer()
    taxa = fields.Integer()
    snps = fields.Integer(allow_none=True)
    created = fields.String()
    modified = fields.String()
    url = fields.String()


class ProjectsSchema(Schema):
    """A page of SNP projects, the newest first."""

    projects = fields.List(fields.Nested(ListedProjectSchema))
    next = fields.String(allow_none=True, metadata={"description": "the path of the next page"})


class StepSchema(Schema):
    """A step of an SNP project."""

    step = fields.String()
    tag = fields.String(metadata={"description": "not_sent, queued or complete"})
    job = fields.Integer(allow_none=True)
    state = fields.String(allow_none=True, metadata={"description": "of the job"})


class ProjectSchema(ListedProjectSchema):
    """An SNP project with its steps, counts and files."""

    reference = fields.String()
    assemblies = fields.List(fields.String())
    labels = fields.Dict(
        keys=fields.String(), values=fields.String(), metadata={"description": "barcode → name"}
    )
    error = fields.String(allow_none=True)
    failed_step = fields.String(allow_none=True)
    steps = fields.List(fields.Nested(StepSchema))
    core_sites = fields.Integer(allow_none=True)
    core_share = fields.Float(
        allow_none=True, metadata={"description": "core sites, of the reference's bases"}
    )
    shares = fields.Dict(
        keys=fields.String(),
        values=fields.Raw(),
        metadata={"description": "barcode → how much of the reference is decided, and by reason what is not"},
    )
    warnings = fields.List(fields.String(), metadata={"description": "what makes distances too small"})
    snp_count = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata={"description": "barcode → SNPs"}
    )
    files = fields.List(
        fields.Nested(FileSchema), metadata={"description": "matrix, distances, tree, and pictures of them"}
    )
