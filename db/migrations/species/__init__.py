"""The migrations of a species database."""
