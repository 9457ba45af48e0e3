"""Pages of asking and deciding."""
