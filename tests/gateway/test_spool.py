"""What was answered out of memory stands in the tables, whatever happened to its process."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from audit.models import Event
from gateway import drain, spool
from gateway.models import DecisionCount
from gateway.notes import Note
from gateway.spool import Spool
from governance import health

WRITER = """
import sys, time, uuid
from pathlib import Path
from gateway.notes import Note
from gateway.spool import Spool
box = Spool(Path(sys.argv[1]))
for n in range(3):
    ids = [uuid.uuid4() for _ in range(3)]
    assert box.note(Note(ids[0], time.time(), *ids[1:], "read", 1, "", "allowed"))
print("noted", flush=True)
time.sleep(60)
"""


@pytest.fixture
def box(settings) -> Spool:
    return Spool(settings.SPOOL_ROOT)


def note(cast, reason: str = "allowed", **other: Any) -> Note:
    given = {
        "evaluation": uuid4(), "at": time.time(), "subject": cast.bob.pk,
        "asker": cast.dana.pk, "permission": "discover", "resource": cast.oncology.pk,
        "purpose": "", "reason": reason,
    }  # fmt: skip
    return Note(**given | other)


def let_go(box: Spool) -> None:
    assert box.file is not None
    box.let_go()


def test_yeses_are_counted_by_the_minute_and_noes_are_events(cast, box):
    at = 1_800_000_000.0  # the first second of a minute
    for second in (0, 1, 59, 60):
        assert box.note(note(cast, at=at + second))
    assert box.note(note(cast, "no_grant", permission="download", address="192.0.2.7"))
    let_go(box)
    assert drain.drain(box.folder, seconds=5) == 5
    counts = DecisionCount.objects.order_by("minute").values_list("count", flat=True)
    assert list(counts) == [3, 1]
    event = Event.objects.get(verb="gateway.evaluate", outcome="denied")
    assert (event.actor, event.remote_addr) == (cast.bob, "192.0.2.7")
    assert event.resource_path == "/oncology/"
    assert event.data["reason"] == "no_grant" and event.data["asked_by"] == "dana"
    assert drain.drain(box.folder, seconds=5) == 0


def test_a_second_drain_adds_to_the_same_minute(cast, box):
    for _ in range(2):
        assert box.note(note(cast, at=1_800_000_000.0))
        let_go(box)
        drain.drain(box.folder, seconds=5)
    assert DecisionCount.objects.get().count == 2


def test_repeated_noes_fold(cast, box):
    for _ in range(5):
        assert box.note(note(cast, "no_grant", permission="download"))
    let_go(box)
    drain.drain(box.folder, seconds=5)
    assert Event.objects.filter(verb="gateway.evaluate").count() == 1


def test_a_file_in_use_is_left_alone(cast, box):
    assert box.note(note(cast))
    assert drain.drain(box.folder, seconds=5) == 0
    assert spool.size(box.folder) > 0


def test_what_a_killed_process_noted_is_not_lost(settings, db):
    folder: Path = settings.SPOOL_ROOT
    environment = os.environ | {"PYTHONPATH": str(settings.BASE_DIR)}
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, env=environment
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"noted\n"
    (path,) = folder.glob("*.jsonl")
    with spool.taken(path) as held:
        assert held is None
    writer.kill()
    writer.wait()
    writer.stdout.close()
    with spool.taken(path) as notes:
        assert notes is not None and len(notes) == 3
    assert not path.exists()


def test_what_the_tables_do_not_take_stays_on_the_disk(cast, box):
    assert box.note(note(cast, "no_grant", subject=str(uuid4())))
    let_go(box)
    assert drain.drain(box.folder, seconds=5) == 0
    (path,) = box.folder.glob("*.jsonl")
    assert json.loads(path.read_text())["reason"] == "no_grant"


def test_a_full_or_broken_disk_takes_no_note(cast, box, monkeypatch, tmp_path):
    monkeypatch.setattr(spool, "LIMIT", 10)
    assert box.note(note(cast))  # nothing waits yet
    let_go(box)
    assert not box.note(note(cast))
    (tmp_path / "file").write_text("no folder")
    assert not Spool(tmp_path / "file").note(note(cast))


def test_half_a_line_was_never_told(cast, box):
    assert box.note(note(cast))
    assert box.page is not None and box.file is not None
    torn = b'{"evaluation": "torn'
    box.page[box.used : box.used + len(torn)] = torn
    box.page.close()  # as when the process is killed: the rest of the page stays
    os.close(box.file)
    box.page = box.file = None
    assert spool.size(box.folder) == spool.PAGE
    assert drain.drain(box.folder, seconds=5) == 1


def test_a_quiet_process_lets_go_of_its_last_notes(cast, box, monkeypatch):
    monkeypatch.setattr(spool, "LOOK", 0.05)
    assert box.note(note(cast))
    time.sleep(0.3)
    assert drain.drain(box.folder, seconds=5) == 1


def test_a_disk_without_room_for_a_page_stops_nothing(cast, box, monkeypatch):
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda file, line: write(file, line[:20]))
        assert not box.note(note(cast))
    assert not list(box.folder.glob("*.jsonl"))
    assert box.note(note(cast))
    let_go(box)
    assert drain.drain(box.folder, seconds=5) == 1


def test_a_full_disk_costs_no_descriptor(cast, box, monkeypatch):
    def full(file: int, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "full")

    before = len(list(Path("/proc/self/fd").iterdir()))
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        assert not any(box.note(note(cast)) for _ in range(20))
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert not list(box.folder.glob("*"))


def test_a_file_that_was_taken_before_it_was_locked_holds_no_note(cast, box, monkeypatch):
    lock = fcntl.flock

    def too_late(file: int, how: int) -> None:
        assert drain.drain(box.folder, seconds=5) == 0
        lock(file, how)

    with monkeypatch.context() as patch:
        patch.setattr(spool, "fcntl", SimpleNamespace(**vars(fcntl) | {"flock": late(too_late)}))
        assert not box.note(note(cast))
    assert box.note(note(cast))
    let_go(box)
    assert drain.drain(box.folder, seconds=5) == 1


def late(first: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """The first lock comes after somebody else's; those after it as always."""
    waiting = [first]
    return lambda file, how: (waiting.pop() if waiting else fcntl.flock)(file, how)


def test_a_page_that_is_full_is_followed_by_another(cast, box, monkeypatch):
    monkeypatch.setattr(spool, "PAGE", 1000)
    for _ in range(5):
        assert box.note(note(cast))
    assert len(list(box.folder.glob("*.jsonl"))) > 1
    let_go(box)
    assert drain.drain(box.folder, seconds=5) == 5


def test_a_file_that_cannot_be_read_is_put_aside_and_named(cast, box):
    box.folder.mkdir()
    (box.folder / "1-1.jsonl").write_text('{"no": "note"}\n')
    assert box.note(note(cast))
    let_go(box)
    assert drain.drain(box.folder, seconds=5) == 1
    assert [path.name for path in (box.folder / "bad").iterdir()] == ["1-1.jsonl"]
    assert health.spool().status == "FAIL"


def test_what_waits_too_long_is_told(cast, box, monkeypatch):
    assert health.spool().status == "OK"
    assert box.note(note(cast))
    monkeypatch.setattr(health, "SPOOL_LATE", 0)
    assert health.spool().status == "WARN"
