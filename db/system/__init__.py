"""Schema `system`: what all species share with the web app, and every statement on it."""

from db.system.models import UploadFile, UploadFileState, UploadState, UserJob, UserPreference, UserUpload

__all__ = ["UploadFile", "UploadFileState", "UploadState", "UserJob", "UserPreference", "UserUpload"]
