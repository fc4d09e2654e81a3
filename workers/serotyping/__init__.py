"""Serovars and O:H types."""
