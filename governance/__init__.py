"""The site: settings, routes and the processes that serve it."""

import gc

# What a process loads stays: walking it again and again was a third of each start.
gc.set_threshold(50_000, 10, 10)
