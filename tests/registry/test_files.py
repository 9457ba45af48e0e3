"""Bytes come in whole or not at all, stay as they are, and go out by one decision each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.actions import grants, keys, people
from accounts.models import ApiKey, Grant, User
from audit import context
from audit.models import Event
from registry import queries, storage
from registry.actions import assets, files, states, versions
from registry.models import Asset, Blob, File, Version
from tests.cast import role

pytestmark = pytest.mark.usefixtures("opened")

TABLE = b"age,sex\n40,f\n"
DIGEST = hashlib.sha256(TABLE).hexdigest()


@pytest.fixture
def file(cast, version) -> File:
    found: File = files.upload(version, "data/train.csv", [TABLE], sha256=DIGEST, by=cast.alice)
    return found


def stored() -> list[Path]:
    root = Path(settings.BLOB_ROOT)
    return [path for path in root.rglob("*") if path.is_file()] if root.exists() else []


def newest() -> Event:
    return Event.objects.filter(kind="act").latest("id")


def test_an_upload(cast, version, file):
    assert (file.size, file.sha256, file.blob_id) == (len(TABLE), DIGEST, DIGEST)
    assert b"".join(storage.read_range(DIGEST, 0, file.size)) == TABLE
    assert [path.name for path in stored()] == [DIGEST]
    assert (newest().verb, newest().resource_path) == ("file.upload", version.path)


def broken() -> Iterator[bytes]:
    yield TABLE
    raise ConnectionResetError("client went away")


FAILURES: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "over the limit": ("a.csv", lambda: [b"x" * 101], {}),
    "over the limit in pieces": ("a.csv", lambda: [b"x" * 60, b"x" * 60], {}),
    "announced over the limit": ("a.csv", lambda: [TABLE], {"size": 101}),
    "wrong checksum": ("a.csv", lambda: [TABLE], {"sha256": "0" * 64}),
    "no checksum": ("a.csv", lambda: [TABLE], {"sha256": "nonsense"}),
    "wrong size": ("a.csv", lambda: [TABLE], {"size": 3}),
    "broken stream": ("a.csv", broken, {}),
    "duplicate path": ("data/train.csv", lambda: [b"other"], {}),
    "same path in other letters": ("data/./train.csv", lambda: [b"other"], {}),
    "traversal": ("../a.csv", lambda: [TABLE], {}),
    "traversal inside": ("data/../../a.csv", lambda: [TABLE], {}),
    "absolute": ("/etc/passwd", lambda: [TABLE], {}),
    "backslash": ("..\\a.csv", lambda: [TABLE], {}),
    "empty name": ("", lambda: [TABLE], {}),
    "a folder": ("data/", lambda: [TABLE], {}),
    "nul": ("a\x00.csv", lambda: [TABLE], {}),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_upload_leaves_nothing(cast, file, settings, name):
    settings.UPLOAD_LIMIT = 100
    path, chunks, given = FAILURES[name]
    before = stored()
    with pytest.raises(ValidationError) as error:
        files.upload(file.version, path, chunks(), by=cast.alice, **given)
    assert all(len(message) > 20 for message in error.value.messages)
    assert list(File.objects.all()) == [file]
    assert Blob.objects.count() == 1
    assert stored() == before
    assert (newest().verb, newest().outcome) == ("file.upload", "failed")


def test_a_crash_in_the_stream_leaves_nothing_either(cast, version):
    def crash() -> Iterator[bytes]:
        yield TABLE
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        files.upload(version, "a.csv", crash(), by=cast.alice)
    assert stored() == []
    assert newest().message == "ZeroDivisionError"


def test_the_same_bytes_are_kept_once(cast, file):
    files.upload(file.version, "copy.csv", [TABLE], by=cast.alice)
    assert Blob.objects.count() == 1
    assert len(stored()) == 1


@pytest.mark.parametrize("name", ["bob", "charlie", "dana", "erin", "petra"])
def test_an_upload_by_who_may_not_reads_no_byte(cast, version, name):
    def never() -> Iterator[bytes]:
        raise AssertionError("the stream was touched")
        yield b""

    with pytest.raises(PermissionDenied):
        files.upload(version, "a.csv", never(), by=getattr(cast, name))
    assert newest().outcome == "denied"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"uri": ""}, "__all__"),
        ({"size": -1}, "size"),
        ({"sha256": "nonsense"}, "sha256"),
        ({"uri": "x" * 1001}, "uri"),
    ],
)
def test_a_reference_that_refers_to_nothing(cast, version, given, field):
    stated: dict[str, Any] = {"uri": "s3://bucket/a.csv", "size": 3, "sha256": DIGEST} | given
    with pytest.raises(ValidationError) as error:
        files.refer(version, "a.csv", by=cast.alice, **stated)
    assert field in error.value.message_dict
    assert not File.objects.exists()


def test_a_reference_is_not_downloaded_here(cast, version):
    file = files.refer(
        version, "a.csv", uri="s3://bucket/a.csv", size=3, sha256=DIGEST, by=cast.alice
    )
    with pytest.raises(ValidationError, match="s3://bucket"):
        files.download(file, by=cast.alice)


# --- frozen


def test_approval_freezes(cast, file):
    version = versions.approve(file.version, by=cast.alice)
    assert len(version.revision) == 40
    assert version.manifest.startswith(version.revision)
    for change in (
        lambda: files.upload(version, "b.csv", [b"b"], by=cast.alice),
        lambda: files.refer(version, "b.csv", uri="s3://b", size=1, sha256=DIGEST, by=cast.alice),
        lambda: files.remove(file, by=cast.alice),
        lambda: versions.approve(version, by=cast.alice),
    ):
        with pytest.raises(ValidationError):
            change()
    assert list(version.files.all()) == [file]


def test_the_same_bytes_have_the_same_revision(cast, file):
    again = versions.open_version(Asset.objects.get(pk=cast.scans.pk), by=cast.alice)
    files.upload(again, "data/train.csv", [TABLE], by=cast.alice)
    one, two = versions.approve(file.version, by=cast.alice), versions.approve(again, by=cast.alice)
    assert one.revision == two.revision
    assert (one.number, two.number) == (1, 2)


def test_nothing_is_not_approved(cast, version):
    with pytest.raises(ValidationError, match="no files"):
        versions.approve(version, by=cast.alice)


def test_a_file_is_no_folder(cast, file):
    files.upload(file.version, "data", [b"x"], by=cast.alice)
    with pytest.raises(ValidationError, match="file and a folder"):
        versions.approve(file.version, by=cast.alice)


def test_an_approval_during_the_upload_wins(cast, file):
    """Seen as open when the bytes began to come; no row names them then."""
    stale = Version.objects.get(pk=file.version.pk)
    versions.approve(file.version, by=cast.alice)
    with pytest.raises(ValidationError, match="make a new version"):
        files.upload(stale, "late.csv", [b"late"], by=cast.alice)
    assert (File.objects.count(), Blob.objects.count()) == (1, 1)


def slowly(work: Callable[[], Any]) -> Iterator[bytes]:
    """A client that takes its time: meanwhile others act, which no open act would let them."""
    yield TABLE[:5]
    work()
    yield TABLE[5:]


def test_no_act_and_no_transaction_is_open_while_the_bytes_come(cast, version):
    outside, seen = len(connection.atomic_blocks), []

    def look() -> None:
        seen.append((context.current(), len(connection.atomic_blocks)))

    file = files.upload(version, "a.csv", slowly(look), sha256=DIGEST, by=cast.alice)
    assert seen == [(None, outside)]
    assert storage.exists(file.sha256)
    assert [passed["permission"] for passed in newest().decision] == ["upload"]


MEANWHILE: dict[str, Callable[[Any, Version], Any]] = {
    "the grant is revoked": lambda cast, version: [
        grants.revoke(grant, by=cast.erin) for grant in Grant.objects.open().filter(user=cast.alice)
    ],
    "the person is deactivated": lambda cast, version: people.deactivate(
        User.objects.get(pk=cast.alice.pk), by=cast.erin
    ),
    "the key is revoked": lambda cast, version: keys.revoke(
        ApiKey.objects.get(owner=cast.alice), by=cast.erin
    ),
    "the dataset is withdrawn": lambda cast, version: states.set_state(
        Asset.objects.get(pk=cast.scans.pk), "withdrawn", by=cast.erin
    ),
}


@pytest.mark.parametrize("name", MEANWHILE)
def test_what_ends_the_right_ends_the_upload(cast, version, name):
    """Allowed when the first byte came, refused when the last one did."""
    end = timezone.now() + timedelta(hours=1)
    key = keys.issue(cast.alice, name="k", scopes=["upload"], expires_at=end, by=cast.alice).key
    alice = User.objects.get(pk=cast.alice.pk)
    alice.credential = key
    with pytest.raises(PermissionDenied):
        files.upload(version, "a.csv", slowly(lambda: MEANWHILE[name](cast, version)), by=alice)
    assert not File.objects.exists() and not Blob.objects.exists()
    assert stored() == []
    assert (newest().verb, newest().outcome) == ("file.upload", "denied")


def test_what_is_frozen_or_taken_meanwhile_is_refused(cast, file):
    def taken() -> None:
        files.upload(file.version, "a.csv", [b"first"], by=cast.alice)

    with pytest.raises(ValidationError, match="already"):
        files.upload(file.version, "a.csv", slowly(taken), by=cast.alice)
    frozen = lambda: versions.approve(file.version, by=cast.alice)  # noqa: E731
    with pytest.raises(ValidationError, match="make a new version"):
        files.upload(file.version, "b.csv", slowly(frozen), by=cast.alice)
    assert sorted(File.objects.values_list("path", flat=True)) == ["a.csv", "data/train.csv"]


def test_removing_a_file_keeps_the_bytes_of_others(cast, file):
    other = files.upload(file.version, "copy.csv", [TABLE], by=cast.alice)
    files.remove(file, by=cast.alice)
    assert list(File.objects.all()) == [other]
    assert storage.exists(DIGEST)


# --- downloads


def test_each_download_is_an_event(cast, file):
    for part in ("", "bytes 0-3/13"):
        files.download(file, part=part, by=cast.alice)
    events = Event.objects.filter(verb="file.download").order_by("id")
    assert [event.message for event in events] == ["", "bytes 0-3/13"]
    assert {event.event_class for event in events} == {"data_access"}
    assert events[0].data["sha256"] == DIGEST
    assert events[0].decision[0]["role"] == "steward"


def test_a_download_by_who_may_not_is_denied_and_recorded(cast, file):
    versions.approve(file.version, by=cast.alice)
    for person in (cast.bob, cast.charlie, cast.dana, cast.erin, cast.petra):
        with pytest.raises(PermissionDenied):
            files.download(file, by=person)
    denied = Event.objects.filter(verb="file.download", outcome="denied")
    assert denied.count() == 5


def test_the_purpose_is_asked_and_recorded(cast, file):
    versions.approve(file.version, by=cast.alice)
    grants.give(role("reader"), cast.bob, cast.scans, purpose="research", by=cast.alice)
    files.download(file, by=cast.bob)
    assert newest().purpose == "research"
    with pytest.raises(PermissionDenied):
        files.download(file, purpose="marketing", by=cast.bob)


def test_the_page_takes_no_purpose_but_ours(cast, file, client):
    versions.approve(file.version, by=cast.alice)
    grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice)
    client.force_login(cast.bob, "accounts.backend.SignInBackend")
    page = reverse("file_download", args=[file.version.address, file.path])
    for stated in ("foo", "\x00", "x" * 100, "Research"):
        answer = client.get(page, {"purpose": stated})
        assert answer.status_code == 400
        assert 'value="research"' in answer.content.decode()
        with pytest.raises(PermissionDenied):
            files.download(file, purpose=stated, by=cast.bob)
    out = Event.objects.filter(verb="file.download", outcome="ok")
    assert not out.exists()
    assert client.get(page, {"purpose": "research"}).getvalue() == TABLE
    assert out.get().purpose == "research"
    client.force_login(cast.charlie, "accounts.backend.SignInBackend")
    assert client.get(page, {"purpose": "foo"}).status_code == 404


def test_a_pending_version_is_for_its_editors(cast, file):
    grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice)
    with pytest.raises(PermissionDenied):
        files.download(file, by=cast.bob)
    assert not queries.files(cast.bob).exists() and not queries.versions(cast.bob).exists()
    versions.approve(file.version, by=cast.alice)
    assert files.download(file, by=cast.bob) == file
    assert list(queries.files(cast.bob)) == [file]


@pytest.mark.parametrize("what", ["version", "dataset", "project"])
def test_the_withdrawn_gives_nothing(cast, file, what):
    version = versions.approve(file.version, by=cast.alice)
    if what == "version":
        versions.withdraw(version, reason="consent withdrawn", by=cast.alice)
    elif what == "dataset":
        states.set_state(Asset.objects.get(pk=cast.scans.pk), "withdrawn", by=cast.alice)
    else:
        states.set_state(cast.oncology, "retired", by=cast.erin)
    with pytest.raises(PermissionDenied, match=r"withdrawn|retired"):
        files.download(File.objects.get(pk=file.pk), by=cast.alice)


# --- lineage


def chain(cast, count: int) -> list[Version]:
    made = []
    for number in range(count):
        asset = assets.register(cast.oncology, "dataset", slug=f"d{number}", by=cast.alice)
        made.append(versions.open_version(asset, by=cast.alice))
    return made


def test_lineage_has_no_circle(cast):
    a, b, c = chain(cast, 3)
    versions.record_lineage(b, a, "derived_from", by=cast.alice)
    versions.record_lineage(c, b, "derived_from", by=cast.alice)
    for child, parent in ((a, c), (a, b), (a, a)):
        with pytest.raises(ValidationError):
            versions.record_lineage(child, parent, "derived_from", by=cast.alice)
    with pytest.raises(ValidationError):
        versions.record_lineage(b, a, "derived_from", by=cast.alice)
    with pytest.raises(ValidationError):
        versions.record_lineage(c, a, "stolen_from", by=cast.alice)


def test_lineage_names_nothing_one_may_not_read(cast):
    a, b = chain(cast, 2)
    grants.give(role("contributor"), cast.bob, b.asset, by=cast.alice)
    with pytest.raises(PermissionDenied):
        versions.record_lineage(b, a, "derived_from", by=cast.bob)
    versions.record_lineage(b, a, "derived_from", by=cast.alice)
    assert list(queries.lineage(cast.bob, b)["made_from"]) == []
    assert queries.lineage(cast.alice, b)["made_from"].count() == 1
