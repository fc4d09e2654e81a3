"""`crobot token`: who may use the HTTP API."""
