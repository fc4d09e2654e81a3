"""Commands that start and stop processes: head, beat, node, Flower, servers; and the tables they need."""
