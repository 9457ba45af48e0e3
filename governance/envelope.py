"""What of a request Django would refuse before any view, and what it would put around an answer."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http.request import split_domain_port, validate_host


def is_ours(environ: dict[str, Any]) -> bool:
    """What Django's middleware would let pass: our host, over https, nothing in the address."""
    if environ.get("QUERY_STRING") or environ.get("CONTENT_TYPE") != "application/json":
        return False
    if settings.HTTPS and not is_https(environ):
        return False
    return is_host(environ.get("HTTP_HOST", ""))


def is_https(environ: dict[str, Any]) -> bool:
    """As Django tells: by the header of a proxy, if one is trusted, else by the server's word."""
    name, secure = settings.SECURE_PROXY_SSL_HEADER or ("", "")
    told = environ.get(name)
    if told is None:
        return bool(environ.get("wsgi.url_scheme") == "https")
    return bool(told.partition(",")[0].strip() == secure)


@lru_cache(64)
def is_host(name: str) -> bool:
    domain, _ = split_domain_port(name)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def headers(environ: dict[str, Any], told: bytes) -> list[tuple[str, str]]:
    found = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(told))),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    asked = environ.get("HTTP_X_REQUEST_ID", "")
    if not (asked and len(asked) <= 200 and asked.isascii() and asked.isprintable()):
        asked = evaluation(told)
    return [*found, ("X-Request-ID", asked)]


def evaluation(told: bytes) -> str:
    """What the answer is called by itself; nothing that was asked stands before it."""
    return told.partition(b'"evaluation_id":"')[2][:36].decode()
