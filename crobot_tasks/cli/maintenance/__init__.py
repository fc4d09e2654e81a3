"""Commands that keep the databases up to date and right."""
