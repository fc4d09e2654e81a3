"""The models of schema `crobot`, one module a kind of thing."""
