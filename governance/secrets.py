"""Production starts with strong, distinct secrets and a complete address, or not at all."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import MutableMapping
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

LOOPBACK = {"", "localhost", "127.0.0.1", "::1"}
WEAK = ("django-insecure-", "changeme", "secret", "example", "password")


SECRET_NAMES = (
    "SECRET_KEY",
    "API_KEY_PEPPERS",
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "EMAIL_URL",
    "SEAL_WEBHOOK_SECRET",
)


def file_aware(environment: MutableMapping[str, str]) -> None:
    """NAME_FILE holds the path of a file with NAME's value, as container secrets come."""
    for name in SECRET_NAMES:
        if path := environment.get(f"{name}_FILE"):
            environment[name] = Path(path).read_text().strip()  # editors leave a newline


def peppers(text: str) -> dict[int, bytes]:
    """`1:<base64>,2:<base64>`: the highest number digests new keys, the others still check."""
    found: dict[int, bytes] = {}
    for item in text.split(","):
        number, _, encoded = item.strip().partition(":")
        try:
            value = base64.b64decode(encoded, validate=True)
            found[int(number)] = value
        except (ValueError, binascii.Error):
            raise ImproperlyConfigured(
                "API_KEY_PEPPERS: write number:base64, several separated by commas."
            ) from None
        if len(value) < 32:
            raise ImproperlyConfigured(f"API_KEY_PEPPERS {number}: 32 bytes at least.")
    return found


def require_strong(
    *,
    secret_key: str,
    peppers: dict[int, bytes],
    hosts: list[str],
    public_url: str,
    proxies: int | None,
    email: str,
    database: str,
    redis: str,
) -> None:
    """Refuse to start, naming everything that is missing, weak or equal at once."""
    digests = [hashlib.sha256(value).digest() for value in (secret_key.encode(), *peppers.values())]
    wrong = {
        "SECRET_KEY: 50 random characters at least, no example value": len(secret_key) < 50
        or len(set(secret_key)) < 16
        or secret_key.lower().startswith(WEAK),
        "API_KEY_PEPPERS: random bytes, no pattern": any(
            len(set(p)) < 12 for p in peppers.values()
        ),
        "SECRET_KEY and API_KEY_PEPPERS: each another value": len(set(digests)) < len(digests),
        "ALLOWED_HOSTS: name the hosts, no wildcard": not hosts or "*" in hosts,
        "PUBLIC_URL: the https:// address people use": not public_url.startswith("https://"),
        "TRUSTED_PROXY_COUNT: how many proxies of yours stand in front": proxies is None,
        "EMAIL_URL: how to send mail": not email,
        "DATABASE_URL: add ?sslmode=verify-full": not private(database, "sslmode=verify-full"),
        "REDIS_URL: use rediss://": not private(redis, "rediss://"),
    }
    if missing := [text for text, bad in wrong.items() if bad]:
        raise ImproperlyConfigured("Not safe to start:\n  " + "\n  ".join(missing))


def private(url: str, marker: str) -> bool:
    """Encrypted on the way, or never on a network."""
    parts = urlsplit(url)
    hosts = parse_qs(parts.query).get("host") or [unquote(parts.hostname or "")]
    return marker in url or all(host in LOOPBACK or host.startswith("/") for host in hosts)
