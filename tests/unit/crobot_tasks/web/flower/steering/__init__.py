"""What operators do to jobs on our pages."""
