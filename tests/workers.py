"""Each xdist worker gets a Redis database of its own; loaded before Django reads its settings.

The order of the tests: two workers begin with a half each and end by taking from each other. And
the room they run in: see `roomy`.
"""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Callable
from typing import Any

import pytest
from _pytest import runner

gc.disable()  # until all is loaded: none of that goes again

# What takes long begins a half, the browser the one and other programs the other: these wait much,
# need no database at first, and share what they start within a module.
EARLY: tuple[tuple[str, ...], ...] = (
    ("tests/browser/", "tests/journeys/"),
    (
        "tests/governance/test_run.py",
        "tests/governance/test_embedded.py",
        "tests/governance/test_compose.py",
        "tests/gateway/test_proxies.py",
        "tests/audit/test_objects.py",
        "tests/audit/test_tampering.py",
        "tests/accounts/test_point",
        "tests/accounts/test_agreement.py",
        "tests/leaks/",
        "tests/test_architecture.py",
    ),
)
DATABASES = 16  # what a Redis server has unless it was told otherwise


def roomy(act: Callable[..., Any], *given: Any) -> Any:
    """Call it where a megabyte of frames lies in one piece.

    CPython maps 16 KB for frames at a time and unmaps them as soon as they are left. Under the
    runner and a dozen middlewares such a border lay in the midst of the work, and a fifth of the
    time went into mapping pages: hundreds of thousands of times, back and forth.
    """
    return act(*given)


roomy.__code__ = roomy.__code__.replace(co_stacksize=1 << 16)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Any:
    return roomy(runner.pytest_runtest_protocol, item, nextitem)


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    first, second = (
        [item for name in names for item in items if item.nodeid.startswith(name)]
        for names in EARLY
    )
    early = {*first, *second}
    rest = [item for item in items if item not in early]
    middle = len(items) // 2 - len(first)
    items[:] = [*first, *rest[:middle], *second, *rest[middle:]]


if (worker := os.environ.get("PYTEST_XDIST_WORKER")) and "REDIS_URL" in os.environ:
    os.environ["REDIS_URL"] = own_database(os.environ["REDIS_URL"], worker)
