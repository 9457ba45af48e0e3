"""Pages of people, groups, services, keys, roles and grants."""
