"""Blobs are whole or absent, and ranges follow RFC 9110."""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from registry import storage
from registry.storage import ByteRange, RangeNotSatisfiable, parse_range

CONTENT = b"patient,age\n" * 20_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def chunks(content: bytes = CONTENT, size: int = 10_000) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def open_blobs() -> list[str]:
    return [file.path for file in psutil.Process().open_files() if file.path.endswith(SHA256)]


def test_a_blob_is_published_under_its_checksum(tmp_path: Path) -> None:
    root = tmp_path / "new" / "blobs"
    received = storage.receive(
        chunks(), limit=len(CONTENT), expected_sha256=SHA256, expected_size=len(CONTENT), root=root
    )
    assert received == storage.Received(SHA256, len(CONTENT))
    blob = root / SHA256[:2] / SHA256[2:4] / SHA256
    assert files(root) == [blob]
    assert stat.S_IMODE(blob.stat().st_mode) == 0o600
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    assert storage.exists(SHA256, root=root)
    with storage.open_blob(SHA256, root=root) as file:
        assert file.read() == CONTENT


def test_bytes_and_their_folders_are_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_ino))
    storage.receive(chunks(), limit=len(CONTENT), root=tmp_path)
    (blob,) = files(tmp_path)
    expected = [blob, blob.parent, blob.parent.parent, tmp_path]
    assert synced == [path.stat().st_ino for path in expected]


def test_without_a_root_the_settings_decide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "settings", SimpleNamespace(BLOB_ROOT=str(tmp_path)))
    storage.receive(chunks(), limit=len(CONTENT))
    assert storage.exists(SHA256)
    assert storage.exists(SHA256, root=tmp_path)


def test_an_empty_file_is_a_file(tmp_path: Path) -> None:
    received = storage.receive([], limit=0, root=tmp_path)
    assert received == storage.Received(hashlib.sha256().hexdigest(), 0)
    assert list(storage.read_range(received.sha256, 0, 0, root=tmp_path)) == []


def test_the_same_bytes_twice_are_one_blob_and_mend_a_damaged_one(tmp_path: Path) -> None:
    first = storage.receive(chunks(), limit=len(CONTENT), root=tmp_path)
    (blob,) = files(tmp_path)
    blob.write_bytes(b"damaged")
    assert storage.receive(chunks(size=7_777), limit=len(CONTENT), root=tmp_path) == first
    assert files(tmp_path) == [blob]
    assert blob.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ("too_large", {"limit": len(CONTENT) - 1}),
        ("too_large", {"expected_size": len(CONTENT) * 2}),
        ("size_mismatch", {"expected_size": len(CONTENT) - 1}),
        ("sha256_mismatch", {"expected_sha256": "0" * 64}),
        ("sha256_malformed", {"expected_sha256": SHA256.upper()}),
    ],
)
def test_a_wrong_upload_leaves_nothing(tmp_path: Path, code: str, options: dict[str, int]) -> None:
    with pytest.raises(ValidationError) as error:
        storage.receive(chunks(), **{"limit": len(CONTENT), **options}, root=tmp_path)  # type: ignore[arg-type]
    assert error.value.code == code
    assert files(tmp_path) == []


def test_the_limit_holds_while_streaming(tmp_path: Path) -> None:
    taken = []

    def endless() -> Iterator[bytes]:
        while True:
            taken.append(1)
            yield b"x" * 10

    with pytest.raises(ValidationError, match="limit of 25 bytes"):
        storage.receive(endless(), limit=25, root=tmp_path)
    assert len(taken) == 3


@pytest.mark.parametrize("raised", [OSError("reset"), RuntimeError("bug"), KeyboardInterrupt()])
def test_a_broken_stream_leaves_nothing(tmp_path: Path, raised: BaseException) -> None:
    def broken() -> Iterator[bytes]:
        yield CONTENT
        raise raised

    expected = ValidationError if isinstance(raised, OSError) else type(raised)
    with pytest.raises(expected) as error:
        storage.receive(broken(), limit=len(CONTENT), root=tmp_path)
    assert getattr(error.value, "code", "broken_stream") == "broken_stream"
    assert files(tmp_path) == []


def test_a_failing_disk_is_not_the_clients_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        storage.receive(chunks(), limit=len(CONTENT), root=tmp_path)
    assert files(tmp_path) == []


@pytest.mark.parametrize("sha256", ["", "../../etc/passwd", "g" * 64, SHA256 + "\n", SHA256[:-1]])
def test_only_a_checksum_becomes_a_path(tmp_path: Path, sha256: str) -> None:
    for read in (storage.exists, storage.open_blob):
        with pytest.raises(ValidationError, match="SHA-256"):
            read(sha256, root=tmp_path)
    with pytest.raises(ValidationError, match="SHA-256"):
        storage.read_range(sha256, 0, 1, root=tmp_path)


def test_ranges_come_in_chunks(tmp_path: Path) -> None:
    storage.receive(chunks(), limit=len(CONTENT), root=tmp_path)
    parts = list(storage.read_range(SHA256, 5, 200_005, root=tmp_path))
    assert b"".join(parts) == CONTENT[5:200_005]
    assert max(map(len, parts)) == storage.CHUNK


def test_a_wrong_read_fails_before_the_first_byte(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="restore a backup"):
        storage.read_range(SHA256, 0, 1, root=tmp_path)
    with pytest.raises(FileNotFoundError, match="BLOB_ROOT"):
        storage.open_blob(SHA256, root=tmp_path)
    assert not storage.exists(SHA256, root=tmp_path)
    storage.receive(chunks(), limit=len(CONTENT), root=tmp_path)
    for start, stop in [(0, len(CONTENT) + 1), (-1, 5), (5, 4)]:
        with pytest.raises(ValueError, match="not within"):
            storage.read_range(SHA256, start, stop, root=tmp_path)


def test_a_blob_that_shrinks_breaks_the_stream(tmp_path: Path) -> None:
    storage.receive(chunks(), limit=len(CONTENT), root=tmp_path)
    stream = storage.read_range(SHA256, 0, len(CONTENT), root=tmp_path)
    files(tmp_path)[0].write_bytes(b"short")
    with pytest.raises(OSError, match="cut off"):
        list(stream)


def test_a_reader_that_stops_early_closes_the_file(tmp_path: Path) -> None:
    storage.receive(chunks(), limit=len(CONTENT), root=tmp_path)
    stream = storage.read_range(SHA256, 0, len(CONTENT), root=tmp_path)
    assert not open_blobs()
    next(stream)
    assert len(open_blobs()) == 1
    stream.close()
    assert not open_blobs()


def test_only_stale_parts_are_discarded(tmp_path: Path) -> None:
    assert storage.discard_stale(0, root=tmp_path) == 0
    storage.receive(chunks(), limit=len(CONTENT), root=tmp_path)
    old, new = (tmp_path / storage.INCOMING / f"{name}.part" for name in ("old", "new"))
    for part in (old, new):
        part.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert storage.discard_stale(3600, root=tmp_path) == 1
    assert not old.exists()
    assert new.exists()
    assert storage.exists(SHA256, root=tmp_path)


def test_only_old_bytes_that_no_record_names_are_removed(tmp_path: Path) -> None:
    kept, refused, fresh = (
        storage.receive([content], limit=10, root=tmp_path).sha256 for content in (b"a", b"b", b"c")
    )
    for name in (kept, refused):
        os.utime(tmp_path / name[:2] / name[2:4] / name, (0, 0))
    assert storage.unclaimed(lambda name: name == kept, 3600, root=tmp_path) == 1
    found = [storage.exists(name, root=tmp_path) for name in (kept, refused, fresh)]
    assert found == [True, False, True]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-9", "bytes 0-9/100"),
        ("BYTES=90-", "bytes 90-99/100"),
        (" bytes=-1 ", "bytes 99-99/100"),
        ("bytes=-500", "bytes 0-99/100"),
        ("bytes=99-9999999999999999999999999999", "bytes 99-99/100"),
    ],
)
def test_single_ranges(header: str, expected: str) -> None:
    found = parse_range(header, 100)
    assert found
    assert found.content_range == expected


@pytest.mark.parametrize(
    "header",
    [
        *(None, "", "bytes", "bytes=", "bytes=-", "bytes=9-5", "bytes=0-1,5-6", "rows=0-9"),
        *("bytes=a-b", "bytes=1 - 2", "bytes=+1-2", "bytes=0x1-2", "bytes=--1", "bytes=1-2\n"),
        *("bytes=\u0661-\u0662", "byte\u017f=0-9", f"bytes={'9' * 5000}-"),
    ],
)
def test_what_is_malformed_or_many_means_the_whole_file(header: str | None) -> None:
    assert parse_range(header, 100) is None


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0), ("bytes=-0", 0)]
)
def test_ranges_outside_the_file_are_refused(header: str, size: int) -> None:
    with pytest.raises(RangeNotSatisfiable) as error:
        parse_range(header, size)
    assert error.value.size == size
    assert error.value.content_range == f"bytes */{size}"


def test_the_end_of_an_empty_file_is_the_whole_file() -> None:
    assert parse_range("bytes=-5", 0) is None


@given(st.text(max_size=60) | st.from_regex(r"bytes=[0-9]{0,4}-[0-9]{0,4}"), st.integers(0, 5000))
def test_any_header_is_a_range_within_the_file_or_none(header: str, size: int) -> None:
    try:
        found = parse_range(header, size)
    except RangeNotSatisfiable:
        return
    assert found is None or 0 <= found.start < found.stop <= found.size == size


@given(st.integers(1, 5000), st.data())
def test_what_is_asked_for_is_what_is_meant(size: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, size - 1))
    stop = data.draw(st.integers(start + 1, size))
    assert parse_range(f"bytes={start}-{stop - 1}", size) == ByteRange(start, stop, size)
    assert parse_range(f"bytes={start}-", size) == ByteRange(start, size, size)
    assert parse_range(f"bytes=-{size - start}", size) == ByteRange(start, size, size)
