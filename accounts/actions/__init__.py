"""Every way in which people, groups, roles, grants and keys change."""
