"""The history of the tables: ``core`` (schemas crobot and system) and ``species`` (run once for each)."""
