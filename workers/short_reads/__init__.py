"""Short reads: fetched, checked, trimmed, and mapped back onto their assembly."""
