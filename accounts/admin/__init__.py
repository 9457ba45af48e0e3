"""Accounts in the admin."""

from accounts.admin import agreements, grants, keys, people, resources

__all__ = ["agreements", "grants", "keys", "people", "resources"]
