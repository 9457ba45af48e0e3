"""Ways out of this machine that return only when something is somewhere else for good."""
