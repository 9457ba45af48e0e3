"""Blobs: bytes on disk under their own SHA-256, whole and durable or not there at all.

Every function takes `root`, the folder of the store; without it, `settings.BLOB_ROOT` is meant.
"""

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.exceptions import ValidationError

CHUNK = 64 * 1024
INCOMING = "incoming"
_SHA256 = re.compile(r"[0-9a-f]{64}")
# 40 digits are beyond any file; longer numbers are ignored, so int() never meets a huge one.
_RANGE = re.compile(r"bytes=([0-9]{0,40})-([0-9]{0,40})", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Received:
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes that have arrived and are no blob yet."""

    path: Path
    store: Path
    received: Received

    def publish(self) -> Received:
        _publish(self.path, self.received.sha256, self.store)
        return self.received


def receive(
    chunks: Iterable[bytes],
    *,
    limit: int,
    expected_sha256: str | None = None,
    expected_size: int | None = None,
    root: Path | None = None,
) -> Received:
    """Publish the stream as a blob. After any error the store is as it was before."""
    with staged(
        chunks, limit=limit, expected_sha256=expected_sha256, expected_size=expected_size, root=root
    ) as part:
        return part.publish()


@contextmanager
def staged(
    chunks: Iterable[bytes],
    *,
    limit: int,
    expected_sha256: str | None = None,
    expected_size: int | None = None,
    root: Path | None = None,
) -> Iterator["Part"]:
    """The stream on our disk, whole and checked; it is gone afterwards unless published."""
    if expected_sha256 is not None:
        clean_sha256(expected_sha256)
    if expected_size is not None:
        _require_within(limit, expected_size)
    store = _store(root)
    path, file = _open_part(store)
    try:
        with file:
            received = _copy(_from_client(chunks), file, limit)
            _require_expected(received, expected_sha256, expected_size)
            file.flush()
            os.fsync(file.fileno())
        yield Part(path, store, received)
    finally:
        path.unlink(missing_ok=True)


def spool(*, root: Path | None = None) -> BinaryIO:
    """A nameless file on the store's own disk, gone when closed: for a form that must end first."""
    incoming = _incoming(_store(root))
    return tempfile.TemporaryFile(dir=incoming)


def exists(sha256: str, *, root: Path | None = None) -> bool:
    return _path(sha256, _store(root)).is_file()


def open_blob(sha256: str, *, root: Path | None = None) -> BinaryIO:
    path = _path(sha256, _store(root))
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise _missing(path) from error


def read_range(
    sha256: str, start: int, stop: int, *, root: Path | None = None
) -> Generator[bytes, None, None]:
    """Bytes `start` up to but without `stop`; a wrong call fails here, not in mid-stream."""
    path = _path(sha256, _store(root))
    try:
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise _missing(path) from error
    if not 0 <= start <= stop <= size:
        raise ValueError(f"Bytes {start} to {stop} are not within the {size} bytes of {sha256}.")
    return _read(path, start, stop)


def discard_stale(older_than_seconds: float, *, root: Path | None = None) -> int:
    """Remove what uploads left behind that a crash cut off; give an age no live upload reaches."""
    cutoff = time.time() - older_than_seconds
    discarded = 0
    for part in (_store(root) / INCOMING).glob("*.part"):
        with suppress(FileNotFoundError):  # its upload ended between the listing and here
            if part.stat().st_mtime <= cutoff:
                part.unlink()
                discarded += 1
    return discarded


def unclaimed(
    claimed: Callable[[str], bool], older_than_seconds: float, *, root: Path | None = None
) -> int:
    """Remove blobs that no record names: their upload was refused after its last byte."""
    cutoff = time.time() - older_than_seconds
    discarded = 0
    for blob in _store(root).glob("??/??/*"):
        with suppress(FileNotFoundError):
            if blob.stat().st_mtime <= cutoff and not claimed(blob.name):
                blob.unlink()
                discarded += 1
    return discarded


def clean_sha256(sha256: str) -> str:
    if not _SHA256.fullmatch(sha256):
        raise ValidationError(
            "This is not a SHA-256. Give 64 lower-case hexadecimal digits, as sha256sum prints.",
            code="sha256_malformed",
        )
    return sha256


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes `start` up to but without `stop` of a file of `size` bytes; never empty."""

    start: int
    stop: int
    size: int

    @property
    def content_range(self) -> str:
        return f"bytes {self.start}-{self.stop - 1}/{self.size}"


class RangeNotSatisfiable(Exception):
    """The range lies outside the file: answer 416 with this `content_range`."""

    def __init__(self, size: int) -> None:
        super().__init__(f"The file has {size} bytes. Ask for a range within them.")
        self.size = size
        self.content_range = f"bytes */{size}"


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """A `Range` header by RFC 9110 §14; None means the whole file.

    What is malformed, has several ranges or another unit is ignored, as §14.2 allows.
    """
    match = _RANGE.fullmatch(header.strip(" \t")) if header else None
    first, last = match.groups() if match else ("", "")
    if first and last and int(last) < int(first):
        return None
    if first:
        start, stop = int(first), min(int(last) + 1, size) if last else size
    elif last:
        start, stop = max(size - int(last), 0), size
        if size == 0 and int(last) > 0:
            return None  # satisfiable by §14.1.2, but Content-Range cannot express no bytes
    else:
        return None
    if start >= size:
        raise RangeNotSatisfiable(size)
    return ByteRange(start, stop, size)


def _store(root: Path | None) -> Path:
    return Path(settings.BLOB_ROOT) if root is None else root


def _path(sha256: str, store: Path) -> Path:
    clean_sha256(sha256)  # the only thing that ever becomes a path
    return store / sha256[:2] / sha256[2:4] / sha256


def _open_part(store: Path) -> tuple[Path, BinaryIO]:
    """Inside the store, since a rename is atomic only within one file system."""
    handle, name = tempfile.mkstemp(suffix=".part", dir=_incoming(store))  # O_EXCL, 0600
    return Path(name), os.fdopen(handle, "wb")


def _incoming(store: Path) -> Path:
    incoming = store / INCOMING
    store.mkdir(mode=0o700, parents=True, exist_ok=True)
    incoming.mkdir(mode=0o700, exist_ok=True)
    return incoming


def _from_client(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Tells a client that went away (to be told) from a full disk (ours to repair)."""
    try:
        yield from chunks
    except OSError as error:
        raise ValidationError(
            "The upload broke off. Send the whole file again.", code="broken_stream"
        ) from error


def _copy(chunks: Iterable[bytes], file: BinaryIO, limit: int) -> Received:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        size += len(chunk)
        _require_within(limit, size)
        digest.update(chunk)
        file.write(chunk)
    return Received(digest.hexdigest(), size)


def _require_within(limit: int, size: int) -> None:
    if size > limit:
        raise ValidationError(
            f"The file is over the limit of {limit} bytes. "
            "Split it, or register it as an external file.",
            code="too_large",
        )


def _require_expected(received: Received, sha256: str | None, size: int | None) -> None:
    if size is not None and received.size != size:
        raise ValidationError(
            f"{received.size} bytes arrived, {size} were announced. "
            "Send the whole file again, or correct the size.",
            code="size_mismatch",
        )
    if sha256 is not None and received.sha256 != sha256:
        raise ValidationError(
            f"The bytes that arrived have the SHA-256 {received.sha256}, not {sha256}. "
            "Send the file again, or correct the checksum.",
            code="sha256_mismatch",
        )


def _publish(part: Path, sha256: str, store: Path) -> None:
    """A blob that is there already is replaced by the same bytes, which also mends a damaged one.

    Every folder is synced, also one that another upload made: it may not be durable yet.
    """
    target = _path(sha256, store)
    for folder in (target.parent.parent, target.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
    part.replace(target)
    for folder in (target.parent, target.parent.parent, store):
        _sync(folder)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path, start: int, stop: int) -> Generator[bytes, None, None]:
    """Opens at the first byte asked for, so that a response never read holds no file open."""
    with path.open("rb") as file:
        file.seek(start)
        left = stop - start
        while left > 0:
            chunk = file.read(min(CHUNK, left))
            if not chunk:
                raise OSError(f"Blob {path.name} was cut off while it was read.")
            left -= len(chunk)
            yield chunk


def _missing(path: Path) -> FileNotFoundError:
    return FileNotFoundError(
        f"Blob {path.name} is not in {path.parents[2]}. Check BLOB_ROOT, or restore a backup."
    )
