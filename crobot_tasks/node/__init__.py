"""The worker that calculates (c, d); it has a broker and the shared storage, and no database."""
