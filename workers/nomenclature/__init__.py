"""Alleles: schemes, what an assembly has of them, and a user's sequences in it."""
