"""The SHA-256 that an upload announces: `Repr-Digest`, `Digest`, `X-Content-SHA256`."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

from django.core.exceptions import ValidationError

from registry.storage import clean_sha256

FIELDS = ("Repr-Digest", "Content-Digest", "Digest")  # RFC 9530, and RFC 3230 before it
_SHA256 = re.compile(r"(?:^|,)\s*sha-256=(:?)([^,:]*)(:?)\s*(?=,|$)", re.IGNORECASE)


def announced(headers: Mapping[str, str]) -> str | None:
    """None when nothing is announced; other algorithms are not ours to check."""
    found = {as_hex(name, headers[name]) for name in FIELDS if name in headers} - {None}
    if "X-Content-SHA256" in headers:
        found.add(clean_sha256(headers["X-Content-SHA256"].strip().lower()))
    if len(found) > 1:
        raise ValidationError("The checksums differ: send one.", code="sha256_mismatch")
    return found.pop() if found else None


def as_hex(name: str, value: str) -> str | None:
    match = _SHA256.search(value)
    if match is None:
        if "sha-256" in value.lower():
            raise malformed(name)
        return None
    try:
        digest = base64.b64decode(match[2], validate=True)
    except ValueError:
        raise malformed(name) from None
    if len(digest) != 32:
        raise malformed(name)
    return digest.hex()


def malformed(name: str) -> ValidationError:
    return ValidationError(
        f"{name} is not readable: write `sha-256=:<base64 of the 32 bytes>:`.",
        code="sha256_malformed",
    )
