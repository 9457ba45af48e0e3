"""Each xdist worker gets a Redis database of its own; loaded before Django reads its settings."""

from __future__ import annotations

import os
import re

DATABASES = 16  # what a Redis server has unless it was told otherwise


def number(worker: str) -> int:
    """`gw0` is 1, so that a run without workers keeps 0 for itself."""
    found = int(worker.removeprefix("gw")) + 1
    if found >= DATABASES:
        raise SystemExit(f"Redis has {DATABASES} databases: use at most -n {DATABASES - 1}.")
    return found


def own_database(url: str, worker: str) -> str:
    """`unix:///path?db=N` for a socket, `redis://host:port/N` for a server."""
    base = url.partition("?")[0]
    if url.startswith("unix://"):
        return f"{base}?db={number(worker)}"
    return f"{re.sub(r'(?<=[^/])/[0-9]*$', '', base)}/{number(worker)}"


if (worker := os.environ.get("PYTEST_XDIST_WORKER")) and "REDIS_URL" in os.environ:
    os.environ["REDIS_URL"] = own_database(os.environ["REDIS_URL"], worker)
