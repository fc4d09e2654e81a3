"""Our pages inside Flower, where they need no server."""
