"""Schema `system`: what all species share with the web app, and every statement on it."""

from db.system.models import UserJob, UserPreference

__all__ = ["UserJob", "UserPreference"]
