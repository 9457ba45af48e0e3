"""How often somebody may ask: GCRA on Redis, one count for all processes; without Redis, never."""

from __future__ import annotations

import ipaddress
from math import ceil

from django.conf import settings
from redis import RedisError
from rest_framework import exceptions
from throttled import Throttled, per_min, store
from throttled.exceptions import StoreUnavailableError

IMPATIENT = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}  # seconds
PATIENCE = 5  # seconds until it is worth asking again


class TooMany(exceptions.APIException):
    status_code = 429
    reason = "rate_limited"

    def __init__(self, wait: float) -> None:
        self.wait = max(1, ceil(wait))
        super().__init__(f"Too many in a row: ask again in {self.wait} s, and less often.")


class Uncounted(exceptions.APIException):
    """Closed, not open: whoever could stop the counting could guess without an end."""

    status_code = 503
    reason = "rate_unknown"
    wait = PATIENCE
    default_detail = f"This is closed while requests cannot be counted: ask again in {PATIENCE} s."


class Limit:
    """So many a minute for each key, as many at once, one more whenever its share has passed."""

    def __init__(self, name: str, a_minute: int, redis: str = "") -> None:
        shared = store.RedisStore(
            redis or settings.REDIS_URL, options={"CONNECTION_POOL_KWARGS": IMPATIENT}
        )
        self.bucket = Throttled(
            using="gcra",
            quota=per_min(a_minute, burst=a_minute),
            store=shared,
            key_prefix=f"limit:{name}",
        )

    def spend(self, key: str) -> None:
        try:
            result = self.bucket.limit(key)
        except (RedisError, StoreUnavailableError):
            raise Uncounted from None
        if result.limited:
            raise TooMany(result.state.retry_after)


def network(address: str | None) -> str:
    """Who asks, as far as an address tells: of IPv6 the /64 that one customer gets."""
    if address is None:
        return "unknown"
    found = ipaddress.ip_address(address)
    return str(ipaddress.ip_network((address, 64), strict=False)) if found.version == 6 else address
