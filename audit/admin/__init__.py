"""The trail in the admin: looked at, and what of it stays or goes."""

from audit.admin import events, keeping

__all__ = ["events", "keeping"]
