"""What is governed: projects, datasets, models, their versions and the files in them."""
