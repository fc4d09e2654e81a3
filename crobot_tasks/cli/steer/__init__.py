"""Commands that change which jobs run, and those that wait until jobs are over."""
