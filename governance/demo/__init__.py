"""The demo: a cast, real data, and what they asked each other for; all through the actions.

Each step looks whether it is done, so a load that was interrupted is completed by the next.
"""
