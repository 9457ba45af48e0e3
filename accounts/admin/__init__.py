"""Accounts in the admin."""

from accounts.admin import grants, keys, people, resources

__all__ = ["grants", "keys", "people", "resources"]
