"""Our pages inside Flower, on a running cluster."""
