"""Tools under guard: nothing of them outlives the worker, whatever ends it."""
