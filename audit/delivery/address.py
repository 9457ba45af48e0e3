"""Where something is delivered to, and the one answer that is no error of the network."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

PORTS = {"https": 443, "http": 80, "syslog+tls": 6514, "syslog+tcp": 514, "syslog+udp": 514}


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
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    port = parts.port or PORTS.get(parts.scheme, 0)
    return Address(scheme=parts.scheme, host=parts.hostname or "", port=port, path=path)
