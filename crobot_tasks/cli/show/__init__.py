"""Commands that change nothing: what is known of jobs and nodes."""
