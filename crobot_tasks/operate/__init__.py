"""What an operator does to jobs: hold, pause, resend; and why a job is where it is."""
