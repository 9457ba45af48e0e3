"""The form of a key: minted, parsed, digested. Pure: no database here.

`gth` + kind, `_`, 12 characters of key id, `_`, 32 of secret (190 bits), 6 of CRC-32; base62.
The checksum lets scanners and this module refuse junk without a query.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass

from django.conf import settings

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
FORM = re.compile(r"gth([pstc])_([0-9A-Za-z]{12})_([0-9A-Za-z]{32})([0-9A-Za-z]{6})", re.ASCII)


@dataclass(frozen=True)
class Token:
    """A whole key; it exists in memory while it is minted or checked, and is shown once."""

    kind: str
    kid: str
    text: str

    def __repr__(self) -> str:
        return f"<Token gth{self.kind}_{self.kid}_…>"


class Malformed(ValueError):
    """Not a key of ours: wrong form or wrong checksum."""


def mint(kind: str) -> Token:
    kid, secret = random(12), random(32)
    body = f"gth{kind}_{kid}_{secret}"
    return Token(kind, kid, body + checksum(body))


def parse(text: str) -> Token:
    found = FORM.fullmatch(text)
    if found is None or not hmac.compare_digest(checksum(text[:-6]), text[-6:]):
        raise Malformed("This is not a key of this site: check that it was copied whole.")
    return Token(found[1], found[2], text)


def digest(token: Token, pepper_id: int) -> bytes:
    """HMAC-SHA-256 of the whole key: binds kind and id, useless without the pepper."""
    pepper = settings.API_KEY_PEPPERS[pepper_id]
    return hmac.digest(pepper, token.text.encode(), hashlib.sha256)


def newest_pepper() -> int:
    return max(settings.API_KEY_PEPPERS)


def random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    while number:
        number, rest = divmod(number, 62)
        digits = ALPHABET[rest] + digits
    return digits.rjust(6, "0")
