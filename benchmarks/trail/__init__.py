"""The figures of the trail, one file a question."""
