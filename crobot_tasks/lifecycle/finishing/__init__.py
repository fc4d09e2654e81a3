"""(d) The parts of `finish`: a report, what is read before its transaction, what the end of a job writes and owes."""
