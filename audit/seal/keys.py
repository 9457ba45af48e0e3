"""The signing key, which only the sealer reads, and the public keys that stand outside the data."""

from __future__ import annotations

import base64
import binascii
import os
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from audit.seal.notes import Verifier, verifier


class NoKey(RuntimeError):
    """Nothing to sign with, or with a key that nobody was told to trust."""


def folder() -> Path:
    """Where public keys and anchors lie: not in the database that they vouch for."""
    return Path(settings.SEAL_ROOT)


def key_file() -> Path | None:
    """None in a process that does not seal."""
    return Path(settings.SEAL_KEY_FILE) if settings.SEAL_KEY_FILE else None


def signer() -> Ed25519PrivateKey:
    place = key_file()
    if place is None:
        raise NoKey("This process has no SEAL_KEY_FILE: it does not seal.")
    if not place.exists() and not settings.PRODUCTION:
        make(place)
    try:
        seed = base64.b64decode(place.read_text().strip(), validate=True)
        return Ed25519PrivateKey.from_private_bytes(seed)
    except (OSError, ValueError, binascii.Error):
        raise NoKey(f"{place}: needs 32 random bytes in base64.") from None


def make(place: Path) -> None:
    """Whole or not at all, never over another, for its owner only (`mkstemp` is 0600)."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=place.parent, prefix="key-")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(base64.b64encode(os.urandom(32)).decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, place)
    except FileExistsError:
        pass  # a neighbour was faster
    finally:
        Path(draft).unlink()


def trusted_file() -> Path:
    return folder() / "trusted"


def trusted(place: Path | None = None) -> list[Verifier]:
    """The keys whose signatures count, oldest first; none while nothing was sealed."""
    try:
        lines = (place or trusted_file()).read_text().splitlines()
    except FileNotFoundError:
        return []
    return [Verifier.read(line) for line in lines if line.strip()]


def mine(key: Ed25519PrivateKey) -> Verifier:
    return verifier(settings.SEAL_ORIGIN, key)


def require_trusted(key: Ed25519PrivateKey, size: int) -> None:
    """The first key introduces itself, over an empty tree; a later one is introduced by hand."""
    known = trusted()
    if not known and size == 0:
        write([mine(key)])
    elif mine(key) not in known:
        raise NoKey(
            f"{trusted_file()} does not name this key as one in force: if you replaced it on"
            " purpose, ./manage.py seal --rotate --as NAME."
        )


def rotate(key: Ed25519PrivateKey, size: int) -> Verifier:
    """From this size on only this key signs; what the old ones signed before stays proved."""
    new = mine(key)
    old = trusted()
    if any(one.id == new.id for one in old):
        raise NoKey("This key is trusted already: put another one into SEAL_KEY_FILE first.")
    ended = [one if one.until is not None else Verifier(one.name, one.public, size) for one in old]
    write([*ended, new])
    return new


def write(keys: list[Verifier]) -> None:
    replace(trusted_file(), "".join(f"{key}\n" for key in keys))


def replace(place: Path, text: str) -> None:
    """The old text or the new one, never a part."""
    place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=place.parent, prefix=f"{place.name}-")
    with os.fdopen(handle, "w") as file:
        os.fchmod(file.fileno(), 0o644)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(draft).replace(place)
