"""Where something is delivered to, and the one answer that is no error of the network."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

PORTS = {"https": 443, "http": 80, "syslog+tls": 6514, "syslog+tcp": 514, "syslog+udp": 514}
FORM = "write SCHEME://HOST:PORT/PATH, with a port from 1 to 65535"


class NotTaken(OSError):
    """The other side answered, and not with a yes."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """`ca` and `cert` are PEM files."""

    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""
    ca: str = ""
    cert: str = ""


def address(url: str) -> Address:
    """What is wrong is said without the address: it could hold a password."""
    try:
        parts = urlsplit(url)
        given = parts.port
    except ValueError:
        raise ValueError(FORM) from None
    if given == 0:
        raise ValueError(FORM)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    port = given or PORTS.get(parts.scheme, 0)
    return Address(scheme=parts.scheme, host=parts.hostname or "", port=port, path=path)
