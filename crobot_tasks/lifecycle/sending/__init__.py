"""(a, d, e) What is sent is written in a transaction: new jobs, and plain calls through the outbox."""
