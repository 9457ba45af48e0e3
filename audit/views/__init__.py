"""Pages of the trail, its saved searches and its exports."""
