"""What jobs name on the shared storage: whether it is there, and how it is read without stalling anybody."""
