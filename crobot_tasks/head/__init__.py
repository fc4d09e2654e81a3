"""The worker that writes: it dispatches jobs (b), and hears what nodes say (d, f)."""
