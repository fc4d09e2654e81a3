"""SNPs of assemblies against a reference, pure: alignments → calls → matrix → tree and pictures; runs no tool."""
