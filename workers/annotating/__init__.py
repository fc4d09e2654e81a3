"""What tools find on assemblies beside alleles: genes, CRISPR arrays."""
