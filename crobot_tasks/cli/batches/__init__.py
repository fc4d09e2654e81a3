"""`crobot batch`: many jobs that are made, watched, steered and accounted for as one."""
