"""REST of the registry: projects, datasets, models, versions, files."""
