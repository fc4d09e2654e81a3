"""What keeps a database up to date and right: what it lacks is sent, what it counts is compared with the jobs."""
