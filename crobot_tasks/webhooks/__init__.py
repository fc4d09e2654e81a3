"""Outcomes that are posted to web apps: where they may go, how they are signed, and who posts them."""
