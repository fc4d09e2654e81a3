"""Pages for people who watch the work."""
