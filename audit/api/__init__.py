"""The trail, saved searches and exports over REST."""
