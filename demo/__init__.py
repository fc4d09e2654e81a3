"""The demo: the whole life of a job on this machine, and what happens when a node is killed."""
