"""What operators do to jobs on our pages: which, with what, slice by slice."""
