"""(a) What a call says: which options it has, who called, what it sends itself; no database."""
