"""What requests on species look like, and what is told of schemes and assemblies."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from crobot_tasks.web.api.answers import FileSchema
from crobot_tasks.web.api.schemas import Strict, Text, mark


class SchemesQuery(Strict):
    """What is told of schemes."""

    counts = fields.Boolean(
        load_default=False,
        metadata={
            "description": "also count loci, alleles and results, which takes seconds in a large database"
        },
    )


class AssembliesQuery(Strict):
    """Which assemblies are listed."""

    strain = Text(metadata={"description": "only those of strains of this name"})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 1000))
    after = mark()


class ResultsQuery(Strict):
    """What of the table of results is wanted."""

    scheme = fields.List(
        Text(),
        load_default=list,
        metadata={"description": "only columns of these schemes; by default of all"},
    )
    column = fields.List(
        Text(),
        load_default=list,
        metadata={"description": "only these columns, in this order; by default all"},
    )
    where = fields.List(
        Text(),
        load_default=list,
        metadata={
            "description": "only lines with this: a column, one of = != < <= > >= ~, and a value, as n50>=50000; "
            "all of several"
        },
    )
    in_use = fields.Boolean(
        load_default=False, metadata={"description": "only the assembly in use of each strain"}
    )
    format = fields.String(
        load_default="json",
        validate=validate.OneOf(("json", "tsv", "csv")),
        metadata={
            "description": "tsv and csv are the whole table, the oldest first; limit and after are for json"
        },
    )
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 1000))
    after = mark()


class LociQuery(Strict):
    """Which loci are looked up."""

    #: so few and short that they fit into the line of a request
    locus = fields.List(
        Text(validate=validate.Length(max=100), metadata={"maxLength": 100}),
        required=True,
        validate=validate.Length(1, 20),
        metadata={"description": "a locus of the scheme; may be repeated, up to 20 times: the GFF has all"},
    )


# --- answers ----------------------------------------------------------------------------------------------------------


class SpeciesSchema(Schema):
    """A species."""

    name = fields.String(metadata={"description": "its name in paths, and in the field database"})
    label = fields.String()
    genus = fields.String()
    prefix = fields.String(metadata={"description": "what its barcodes begin with"})
    created_at = fields.AwareDateTime()


class SpeciesListSchema(Schema):
    """All species."""

    species = fields.List(fields.Nested(SpeciesSchema))


class MetadataFieldSchema(Schema):
    """Something that may be said of a strain."""

    name = fields.String()
    kind = fields.String(metadata={"description": "text, integer or number"})
    least = fields.Integer(allow_none=True, metadata={"description": "of a number"})
    most = fields.Integer(allow_none=True, metadata={"description": "of a number"})
    characters = fields.Integer(allow_none=True, metadata={"description": "of a text, at most"})


class MetadataSchema(Schema):
    """What may be said of the strains of a species."""

    metadata = fields.List(fields.Nested(MetadataFieldSchema))


class SchemeSchema(Schema):
    """Something that is found out about assemblies."""

    description = fields.String(metadata={"description": "its name in programs"})
    label = fields.String()
    pipeline = fields.String(allow_none=True, metadata={"description": "null: not called on new assemblies"})
    scheme = fields.String(
        allow_none=True, metadata={"description": "its nomenclature; null: no MLST scheme"}
    )
    on_demand = fields.Boolean(
        metadata={"description": "it is called on assemblies that are sent, and on no new assembly by itself"}
    )
    version = fields.String()
    loci = fields.Integer()
    alleles = fields.Integer()
    sequence_types = fields.Integer()
    results = fields.Integer()
    outdated = fields.Integer()


class SchemesSchema(Schema):
    """The schemes of a species."""

    schemes = fields.List(fields.Nested(SchemeSchema))


class ListedAssemblySchema(Schema):
    """An assembly in a list."""

    barcode = fields.String(allow_none=True)
    strain = fields.String(allow_none=True)
    status = fields.String()
    bases = fields.Integer(allow_none=True)
    contigs = fields.Integer(allow_none=True)
    n50 = fields.Integer(allow_none=True)
    schemes = fields.Dict(
        keys=fields.String(), values=fields.String(), metadata={"description": "scheme → how it stands"}
    )
    outdated = fields.String(metadata={"description": "by what; empty: it is not"})
    job_id = fields.Integer(allow_none=True)
    pipeline_version = fields.String()
    url = fields.String(allow_none=True)


class AssembliesSchema(Schema):
    """A page of assemblies, the newest first."""

    assemblies = fields.List(fields.Nested(ListedAssemblySchema))
    next = fields.String(allow_none=True, metadata={"description": "the path of the next page"})


class ResultsSchema(Schema):
    """A page of the table of results, the newest assembly first."""

    columns = fields.List(
        fields.String(), metadata={"description": "in order; those of a scheme are named as MLST_Achtman.ST"}
    )
    results = fields.List(
        fields.Dict(keys=fields.String()), metadata={"description": "column → value; null: not known"}
    )
    next = fields.String(
        allow_none=True,
        metadata={"description": "the path of the next page; with conditions a page may be short, or empty"},
    )


class StrainSchema(Schema):
    """A strain that an assembly is of."""

    barcode = fields.String()
    strain = fields.String()
    in_use = fields.Boolean(
        metadata={"description": "whether this is the assembly that the strain has in use"}
    )


class MeasureSchema(Schema):
    """One measure of the QA evaluation."""

    measure = fields.String()
    value = fields.Raw(allow_none=True)
    unit = fields.String()
    limit = fields.String()
    passed = fields.Boolean(allow_none=True)


class QaSchema(Schema):
    """The QA evaluation."""

    verdict = fields.String()
    failed = fields.List(fields.String(), metadata={"description": "the measures that failed"})
    measures = fields.List(fields.Nested(MeasureSchema))


class ResultSchema(Schema):
    """How a scheme stands for an assembly, and what it found."""

    scheme = fields.String()
    label = fields.String()
    status = fields.String()
    version = fields.String(metadata={"description": "of the pipeline"})
    scheme_version = fields.String()
    outdated = fields.String(metadata={"description": "by what; empty: it is not"})
    st_barcode = fields.String()
    job_id = fields.Integer(allow_none=True)
    results = fields.Raw()
    updated_at = fields.AwareDateTime()


class AssemblySchema(Schema):
    """An assembly with its statistics, its QA evaluation, and what the schemes found."""

    barcode = fields.String()
    status = fields.String()
    strains = fields.List(fields.Nested(StrainSchema))
    n50 = fields.Integer(allow_none=True, metadata={"description": "bases"})
    total_length = fields.Integer(allow_none=True, metadata={"description": "bases"})
    contig_number = fields.Integer(allow_none=True)
    coverage = fields.Float(allow_none=True, metadata={"description": "mean depth"})
    low_qualities = fields.Float(allow_none=True, metadata={"description": "share of N, 0 to 1"})
    top_species = fields.String(allow_none=True)
    qa = fields.Nested(QaSchema, allow_none=True)
    statistics = fields.Raw(allow_none=True)
    job_id = fields.Integer(allow_none=True)
    pipeline_version = fields.String()
    outdated = fields.String(metadata={"description": "by what; empty: it is not"})
    created_at = fields.AwareDateTime()
    schemes = fields.List(fields.Nested(ResultSchema))
    files = fields.List(fields.Nested(FileSchema))
    url = fields.String()


class PlaceSchema(Schema):
    """Where a locus lies in an assembly; positions count from 1, and the end is included."""

    locus = fields.String()
    status = fields.String()
    allele = fields.Integer(
        allow_none=True, metadata={"description": "null: new; 0: missing; negative: fragmented or duplicated"}
    )
    contig = fields.String(allow_none=True)
    start = fields.Integer(allow_none=True)
    end = fields.Integer(allow_none=True)
    strand = fields.String(allow_none=True)
    identity = fields.Float(allow_none=True)
    copies = fields.Integer()


class LociSchema(Schema):
    """Where loci lie."""

    loci = fields.List(fields.Nested(PlaceSchema))
