"""A database, a Redis and a listener that are really gone, for whoever uses them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection, connections
from redis import Redis, RedisError

from accounts.point import listener
from governance.embedded import binaries
from tests.conftest import superuser
from tests.gateway.programs import free_port
from tests.together import until

END_ALL = """
select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = %s
"""


@contextmanager
def database_gone() -> Iterator[None]:
    """For everybody, the listener too: it ends all sessions and takes no new one."""
    name = connection.settings_dict["NAME"]
    with superuser() as server:
        server.execute(f'alter database "{name}" allow_connections false')
        try:
            server.execute(END_ALL, [name])
            yield
        finally:
            server.execute(f'alter database "{name}" allow_connections true')
            connections.close_all()


class OwnRedis:
    """A server of a test's own, so that it can end it."""

    def __init__(self, place: Path) -> None:
        port = str(free_port())
        self.url = f"redis://127.0.0.1:{port}"
        command = [str(binaries.redis_server()), "--bind", "127.0.0.1", "--port", port]
        command += ["--save", ""]
        with (place / "redis.log").open("w") as log:
            self.child = subprocess.Popen(command, stdout=log, cwd=place)
        until(self.answers)

    def answers(self) -> bool:
        try:
            with Redis.from_url(self.url) as client:
                return bool(client.ping())
        except RedisError:
            return False

    def end(self) -> None:
        self.child.kill()
        self.child.wait()


@contextmanager
def own_redis(place: Path) -> Iterator[OwnRedis]:
    found = OwnRedis(place)
    try:
        yield found
    finally:
        found.end()


class Ear:
    """A listener of a test's own, so that it can end it."""

    def __init__(self) -> None:
        self.thread, self.stop = listener.in_thread()

    def end(self) -> None:
        self.stop.set()
        self.thread.join(30)
        assert not self.thread.is_alive()
