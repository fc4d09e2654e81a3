"""A web app that sends jobs and shows what they found: copy it, and change what you need. README.md says how.

Its pages ask the HTTP API from the browser. An app that is elsewhere therefore differs in `sign_in.py` only.
"""
