"""Checkpoints as signed notes (C2SP signed-note and tlog-checkpoint), Ed25519."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
MORE = " more"


class BadNote(ValueError):
    """Not a note, or no signature by a key that is trusted for it."""


@dataclass(frozen=True)
class Checkpoint:
    """The tree had this root when it had this many leaves.

    `complete` says that at that time no event was waiting for its leaf.
    """

    origin: str
    size: int
    root: bytes
    time: datetime
    complete: bool = True

    def text(self) -> str:
        root = base64.b64encode(self.root).decode()
        end = "" if self.complete else MORE
        return f"{self.origin}\n{self.size}\n{root}\ntime {self.time.isoformat()}{end}\n"

    @classmethod
    def read(cls, text: str) -> Checkpoint:
        try:
            origin, size, root, time = text.removesuffix("\n").split("\n")
            found = base64.b64decode(root, validate=True)
            moment = datetime.fromisoformat(time.removeprefix("time ").removesuffix(MORE))
            checkpoint = cls(origin, int(size), found, moment, not time.endswith(MORE))
        except (ValueError, binascii.Error):
            raise BadNote("this is no checkpoint") from None
        if checkpoint.text() != text:
            raise BadNote("this is no checkpoint in its one form")
        return checkpoint


@dataclass(frozen=True)
class Verifier:
    """A public key and its name; `until` is the last size that it may still have signed."""

    name: str
    public: bytes
    until: int | None = None

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        key = f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"
        return key if self.until is None else f"{key} until {self.until}"

    @classmethod
    def read(cls, line: str) -> Verifier:
        key, _, until = line.strip().partition(" until ")
        try:
            name, digest, encoded = key.split("+", 2)
            raw = base64.b64decode(encoded, validate=True)
            found = cls(name, raw[1:], int(until) if until else None)
        except (ValueError, binascii.Error):
            raise BadNote(f"{line!r} is no verifier key") from None
        if raw[:1] != ED25519 or len(found.public) != 32 or found.id.hex() != digest:
            raise BadNote(f"{line!r} is no Ed25519 verifier key")
        return found


def verifier(name: str, key: Ed25519PrivateKey) -> Verifier:
    return Verifier(name, key.public_key().public_bytes_raw())


def sign(text: str, name: str, key: Ed25519PrivateKey) -> str:
    raw = verifier(name, key).id + key.sign(text.encode())
    return f"{text}\n— {name} {base64.b64encode(raw).decode()}\n"


def opened(note: str, trusted: list[Verifier]) -> tuple[str, Verifier]:
    """The text that a trusted key signed, and which key."""
    text, _, signatures = note.partition("\n\n")
    text += "\n"
    for line in signatures.splitlines():
        name, _, encoded = line.removeprefix("— ").rpartition(" ")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            continue
        for key in trusted:
            if (key.name, key.id) == (name, raw[:4]):
                try:
                    Ed25519PublicKey.from_public_bytes(key.public).verify(raw[4:], text.encode())
                except InvalidSignature:
                    raise BadNote(f"the signature of {name} is wrong") from None
                return text, key
    raise BadNote("no trusted key signed this")


def checkpoint(note: str, trusted: list[Verifier]) -> Checkpoint:
    """What a note says, if a key signed it that was in force at that size."""
    text, key = opened(note, trusted)
    found = Checkpoint.read(text)
    if found.origin != key.name:
        raise BadNote(f"{key.name} signs for itself, not for {found.origin}")
    if key.until is not None and found.size > key.until:
        raise BadNote(f"this key of {key.name} was replaced at size {key.until}")
    return found
