"""Removing what nobody works with any more: rows, files of attempts, folders; by the ages of the policy."""
