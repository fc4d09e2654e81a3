"""`python -m crobot_tasks.cli` is `crobot`."""

from __future__ import annotations

from crobot_tasks.cli import main

if __name__ == "__main__":
    main()
