"""How work comes in: reads, genomes that were assembled elsewhere, schemes to be called."""
