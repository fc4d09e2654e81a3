"""A table of new strains and reads: read, checked as a whole with every error in its place, and added."""
