"""Assemblies: made, measured and judged."""
