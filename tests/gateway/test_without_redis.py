"""Redis is not on the way of a decision: without it each door says what it said with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from redis import ConnectionPool, Redis, RedisError

from accounts.decision import decide
from accounts.permissions import Permission
from audit import refusals
from audit.models import Event
from tests.deciding.remembered import remembered
from tests.gateway.conftest import Program
from tests.gateway.test_forward import nginx
from tests.rest import caller


def pools() -> list[ConnectionPool]:
    """Of the clients that this process has, whatever the settings say by now."""
    found: list[ConnectionPool] = [refusals._redis.connection_pool]
    found.append(cache._cache.get_client(write=True).connection_pool)  # type: ignore[attr-defined]
    return found


@pytest.fixture
def gone() -> Iterator[None]:
    kept = [dict(pool.connection_kwargs) for pool in pools()]
    for pool in pools():
        nowhere = {"path": "/nowhere"} if "path" in pool.connection_kwargs else {"port": 1}
        lead(pool, pool.connection_kwargs | nowhere)
        with pytest.raises(RedisError):
            Redis(connection_pool=pool).ping()
    yield
    for pool, arguments in zip(pools(), kept, strict=True):
        lead(pool, arguments)
        Redis(connection_pool=pool).ping()


def lead(pool: ConnectionPool, arguments: dict[str, Any]) -> None:
    """What is open is closed; what is opened leads there."""
    pool.disconnect()
    pool.connection_kwargs = arguments
    pool.reset()


@pytest.fixture
def keys(cast, served) -> list[str]:
    """Of Alice, who may ask about others; of Bob, who may; and of Charlie, who may not."""
    return [caller(user).secret for user in (cast.alice, cast.bob, cast.charlie)]


def test_the_decision_goes_on(cast, served, gone):
    assert decide(cast.bob, Permission.INVOKE, served).allowed
    assert decide(cast.charlie, Permission.INVOKE, served).reason == "no_grant"


def test_the_decision_out_of_memory_goes_on(heard, cast, served, gone):
    assert remembered(cast.bob, Permission.INVOKE, served).allowed
    assert remembered(cast.charlie, Permission.INVOKE, served).reason == "no_grant"


def test_the_check_endpoint_goes_on(keys, gone):
    asker = Program(keys[0])
    body = {"action": {"name": "invoke"}, "resource": {"type": "model", "id": "oncology/tumour"}}
    for name, may in (("bob", True), ("charlie", False)):
        asked = body | {"subject": {"type": "user", "id": name}}
        for _ in range(2):
            assert asker.decides(asked) is may
        each = asker.ask("evaluations", {"evaluations": [asked, asked]})["evaluations"]
        assert [one["decision"] for one in each] == [may, may]


def test_forward_auth_goes_on(cast, keys, gone):
    """What would have been counted as a repetition is an event of its own."""
    for key, status in zip(keys[1:], (200, 403), strict=True):
        for _ in range(2):
            headers = nginx() | {"Authorization": f"Bearer {key}"}
            assert Client().get("/authz/forward", headers=headers).status_code == status
    assert Event.objects.filter(actor=cast.charlie, verb="gateway.forward").count() == 2
