"""Every way in which the trail is read, taken away, proved and kept."""
