"""The file of stamps: room for every byte, never made shorter, and without it the database."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from accounts.actions import grants
from accounts.decision import decide
from accounts.permissions import Permission
from accounts.point import listener, point, stamps
from accounts.point.stamps import SIZE, Stamps
from tests.cast import Cast, role


@contextmanager
def no_room() -> Iterator[None]:
    """No file of this process grows beyond a megabyte; a write that would fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def path(settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.DECISION_STAMPS = tmp_path / "stamps"
    point.forget()
    yield settings.DECISION_STAMPS
    point.forget()


def test_there_is_room_for_every_byte_before_it_is_mapped(path):
    """A hole would end whoever writes into it on a full disk."""
    Stamps(path)
    file = os.open(path, os.O_RDONLY)
    assert os.lseek(file, 0, os.SEEK_HOLE) == SIZE
    os.close(file)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["stamps"]


def test_without_room_the_database_answers(path, cast: Cast, caplog):
    grants.give(role("reader"), cast.bob, cast.oncology, by=cast.alice)
    path.unlink()
    point.forget()
    with no_room():
        with pytest.raises(OSError, match="File too large"):
            Stamps(path)
        assert point.current() is None
        assert "Decisions come from the database: [Errno" in caplog.text
        assert decide(cast.bob, Permission.READ, cast.oncology).allowed
        assert not decide(cast.charlie, Permission.READ, cast.oncology).allowed
    assert path.stat().st_size == 0
    assert [one.name for one in path.parent.iterdir()] == ["stamps"]
    Stamps(path).bump([stamps.ALL])


def test_without_room_the_listener_goes_on_trying(path, db, caplog):
    asked = iter((False, True))
    with no_room():
        listener.listen(lambda: next(asked))
    assert "Not listening" in caplog.text


@pytest.mark.parametrize("size", [SIZE // 2, SIZE * 2])
def test_a_file_of_another_size_is_replaced_and_stays_whole(path, size):
    """Another version may have it mapped: cut, it would end that one."""
    path.write_bytes(b"x" * size)
    with path.open("rb") as other:
        found = Stamps(path)
        assert os.fstat(other.fileno()).st_ino != found.inode
        assert other.read() == b"x" * size
    assert path.stat().st_size == SIZE


def test_what_is_whole_is_kept(path):
    Stamps(path).bump([stamps.FIRST])
    assert Stamps(path).view[stamps.FIRST] == 1


def test_many_at_once_come_to_one_file(path):
    def counted(_: int) -> int:
        found = Stamps(path)
        found.bump([stamps.FIRST])
        return found.inode

    with ThreadPoolExecutor(8) as threads:
        inodes = set(threads.map(counted, range(32)))
    assert len(inodes) == 1
    assert Stamps(path).view[stamps.FIRST] == 32
