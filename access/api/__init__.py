"""REST of requests for access."""
