"""The migrations of the schemas crobot and system."""
