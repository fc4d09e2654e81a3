"""Uploads of users: pairs of files that arrive in pieces, are checked on the way, and become reads of a strain."""
