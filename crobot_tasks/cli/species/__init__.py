"""Commands on the species databases: their schemes, their assemblies and where loci lie."""
