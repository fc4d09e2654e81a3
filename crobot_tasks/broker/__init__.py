"""What travels between heads and nodes, and how it is written: queues, formats, JSON; knows no job and no database."""
