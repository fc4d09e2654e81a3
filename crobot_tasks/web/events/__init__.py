"""Streams of events (server-sent events) in Flower's Tornado process: how jobs, batches and users' jobs stand, live."""
