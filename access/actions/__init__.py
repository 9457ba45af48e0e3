"""Every way in which a request changes."""
