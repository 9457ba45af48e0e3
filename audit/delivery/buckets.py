"""`s3://BUCKET/PREFIX?region=…&endpoint=…&days=…`: a place in an object store, without a secret."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

OPTIONS = {"region", "endpoint", "days"}
NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
LONGEST = 36_500  # days for which a store can be asked to keep something


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """`days`: how long it keeps an object; 0 where nobody said."""

    name: str
    prefix: str
    region: str = ""
    endpoint: str = ""
    days: int = 0


def bucket(url: str) -> Bucket:
    """What is wrong is said without the address: it could hold a password."""
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ValueError(
            "an address holds no credentials: give them as AWS_ACCESS_KEY_ID and"
            " AWS_SECRET_ACCESS_KEY, in AWS_SHARED_CREDENTIALS_FILE, or as the machine's role"
        )
    if parts.scheme != "s3" or parts.fragment or not NAME.fullmatch(parts.netloc):
        raise ValueError("write s3://BUCKET/PREFIX?region=…&endpoint=https://…&days=…")
    given = parse_qsl(parts.query, keep_blank_values=True)
    options = dict(given)
    if unknown := sorted(set(options) - OPTIONS):
        raise ValueError(f"?{unknown[0]}= is none of {', '.join(sorted(OPTIONS))}")
    if len(options) < len(given):
        raise ValueError("an option stands there twice")
    prefix = parts.path.strip("/")
    return Bucket(
        name=parts.netloc,
        prefix=f"{prefix}/" if prefix else "",
        region=options.get("region", ""),
        endpoint=endpoint(options.get("endpoint", "")),
        days=days(options["days"]) if "days" in options else 0,
    )


def endpoint(text: str) -> str:
    parts = urlsplit(text)
    if text and (parts.scheme not in ("https", "http") or not parts.hostname or "@" in text):
        raise ValueError("?endpoint= is https://HOST:PORT, without credentials")
    return text


def days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) <= LONGEST):
        raise ValueError(f"?days= is a number from 1 to {LONGEST}")
    return int(text)
