"""Pages that show what changes: a stream of events tells a page that it is old, and nothing is asked in between."""
