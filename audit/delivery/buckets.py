"""`s3://BUCKET/PREFIX?region=…&endpoint=…&days=…`: a place in an object store, without a secret."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from audit.delivery.address import address

OPTIONS = {"region", "endpoint", "days"}
NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
NUMBERS = re.compile(r"[0-9.]+")  # as an IP address has
HOST = re.compile(r"[a-z0-9.:_-]+")
REGION = re.compile(r"[a-z0-9-]+")
FORM = "write s3://BUCKET/PREFIX?region=…&endpoint=https://…&days=…"
ENDPOINT = "?endpoint= is https://HOST:PORT, without credentials"
ROOM = 900  # bytes of the 1,024 of a name, the rest for ours
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
    if "@" in url:
        raise ValueError(
            "an address holds no credentials, and no @: give them as AWS_ACCESS_KEY_ID and"
            " AWS_SECRET_ACCESS_KEY, in AWS_SHARED_CREDENTIALS_FILE, or as the machine's role"
        )
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError(FORM) from None
    if parts.scheme != "s3" or parts.fragment or not is_name(parts.netloc):
        raise ValueError(FORM)
    given = parse_qsl(parts.query, keep_blank_values=True)
    options = dict(given)
    if unknown := sorted(set(options) - OPTIONS):
        raise ValueError(f"?{unknown[0]}= is none of {', '.join(sorted(OPTIONS))}")
    if len(options) < len(given):
        raise ValueError("an option stands there twice")
    return Bucket(
        name=parts.netloc,
        prefix=prefix(parts.path.strip("/")),
        region=region(options["region"]) if "region" in options else "",
        endpoint=endpoint(options["endpoint"]) if "endpoint" in options else "",
        days=days(options["days"]) if "days" in options else 0,
    )


def is_name(text: str) -> bool:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""
    return bool(NAME.fullmatch(text)) and ".." not in text and not NUMBERS.fullmatch(text)


def prefix(text: str) -> str:
    if len(text.encode()) > ROOM:
        raise ValueError(f"the prefix is longer than {ROOM} bytes")
    return f"{text}/" if text else ""


def region(text: str) -> str:
    if not REGION.fullmatch(text):
        raise ValueError("?region= is made of a-z, 0-9 and dash")
    return text


def endpoint(text: str) -> str:
    try:
        found = address(text)
    except ValueError:
        raise ValueError(ENDPOINT) from None
    known = found.scheme in ("https", "http") and HOST.fullmatch(found.host)
    if not known or "@" in text or "?" in text:
        raise ValueError(ENDPOINT)
    return text


def days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) <= LONGEST):
        raise ValueError(f"?days= is a number from 1 to {LONGEST}")
    return int(text)
