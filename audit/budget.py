"""How long one search may take: the person hears of it before the database suffers from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from audit.language import wrong

SEARCH = 3.0  # seconds

# A worker a query, and a plan compiled first, cost more than the whole of a keyset page.
LIMIT = """
select set_config('statement_timeout', %s, true),
       set_config('max_parallel_workers_per_gather', '0', true), set_config('jit', 'off', true)
"""
LIFT = "set local statement_timeout to default"


@contextmanager
def budget(seconds: float = SEARCH) -> Iterator[None]:
    """Reads inside it are stopped after this long, with an error that says how to ask for less."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(LIMIT, [f"{int(seconds * 1000)}ms"])
            yield
            cursor.execute(LIFT)
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        raise wrong(
            f"This search was stopped after {seconds:g} seconds. Narrow it down: by a time"
            " (since:7d), by who (actor:bob), by where (resource:project/name)."
        ) from None
