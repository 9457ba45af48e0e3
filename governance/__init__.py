"""The site: settings, routes and the processes that serve it."""
