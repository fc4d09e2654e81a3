"""`crobot send`: new jobs, and what every one of these commands asks for and answers."""
