"""The models of a species database, one module a kind of thing."""
