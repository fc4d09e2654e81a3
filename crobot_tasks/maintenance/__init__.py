"""What keeps a database up to date: which results a newer pipeline or scheme would make anew."""
