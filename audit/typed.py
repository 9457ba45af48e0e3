"""What somebody typed where a name belongs: a keyed digest, since it may be a password."""

from __future__ import annotations

import re

from django.utils.crypto import salted_hmac

DIGEST = re.compile(r"~[0-9a-f]{16}")


def digest(text: str) -> str:
    """The same for the same name; without SECRET_KEY nobody tries names against it."""
    name = text.strip().lower()[:150]
    return f"~{salted_hmac('audit.typed', name, algorithm='sha256').hexdigest()[:16]}"
