"""Copies of the trail for other systems: where they go, how they get there, how far they are."""
