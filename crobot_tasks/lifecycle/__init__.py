"""The only place where a job's state changes: parked (a), finished (d), settled (e), tried again (g), cancelled."""
