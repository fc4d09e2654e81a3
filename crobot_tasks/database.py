"""Tells `db` where the database is. Whatever opens a transaction imports it; a calculation node never does."""

from __future__ import annotations

from crobot_tasks.addresses import database_url
from db import engine

engine.configure(database_url)
