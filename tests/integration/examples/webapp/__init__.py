"""The example web app in a real browser."""
