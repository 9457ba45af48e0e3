"""Every way in which projects, datasets, models, versions and files change."""
