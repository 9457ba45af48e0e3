"""The decision out of memory: what a subject holds is remembered while shared stamps say so."""
