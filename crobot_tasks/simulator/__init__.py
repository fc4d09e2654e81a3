"""A workload on a cluster, faster than real time, placed by the head's own router; imports nothing until it is used."""
