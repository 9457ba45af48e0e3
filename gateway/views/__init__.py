"""Doors for programs, and the pages on which admins tell them what to ask."""
