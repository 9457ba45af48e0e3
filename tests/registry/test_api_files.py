"""Bytes over REST: in as one checked stream, out by one decision, whole or in part."""

from __future__ import annotations

import base64
import hashlib
import io

import pytest

from accounts.actions import grants
from audit.models import Event
from registry.actions import versions
from registry.models import Blob, File
from tests.cast import role
from tests.registry.test_files import stored
from tests.rest import BYTES, ROOT, Caller, caller, refused

pytestmark = pytest.mark.usefixtures("opened")

TABLE = b"patient,finding\n1,nodule\n2,none\n"
DIGEST = hashlib.sha256(TABLE)
WRONG = hashlib.sha256(b"other")


def b64(digest) -> str:
    return base64.b64encode(digest.digest()).decode()


@pytest.fixture
def alice(cast) -> Caller:
    return caller(cast.alice)


@pytest.fixture
def path(alice, version) -> str:
    """The address of a file that is there."""
    found = f"versions/{version.uid}/files/data/train.csv"
    assert alice.put(found, TABLE).status_code == 201
    return found


def downloads(**wanted) -> int:
    return Event.objects.filter(verb="file.download", kind="act", **wanted).count()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Repr-Digest": f"sha-256=:{b64(DIGEST)}:"},
        {"Content-Digest": f"sha-512=:abcd:, sha-256=:{b64(DIGEST)}:"},
        {"Digest": f"SHA-256={b64(DIGEST)}"},
        {"Digest": "md5=abc"},
        {"X-Content-SHA256": DIGEST.hexdigest().upper()},
    ],
)
def test_an_upload(alice, version, headers):
    found = f"versions/{version.uid}/files/data/train.csv"
    made = alice.put(found, TABLE, headers=headers)
    assert made.status_code == 201, made.content
    assert made["Location"].endswith(found)
    assert (made.json()["size"], made.json()["sha256"]) == (len(TABLE), DIGEST.hexdigest())
    assert [row["path"] for row in alice.list(f"versions/{version.uid}/files")] == [
        "data/train.csv"
    ]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Repr-Digest": f"sha-256=:{b64(WRONG)}:"}, "sha256_mismatch"),
        ({"X-Content-SHA256": WRONG.hexdigest()}, "sha256_mismatch"),
        ({"Repr-Digest": "sha-256=:AAAA:"}, "sha256_malformed"),
        ({"Repr-Digest": "sha-256=:%%%:"}, "sha256_malformed"),
        ({"Digest": "sha-256"}, "sha256_malformed"),
        ({"X-Content-SHA256": "0"}, "sha256_malformed"),
        (
            {"Digest": f"sha-256={b64(DIGEST)}", "X-Content-SHA256": WRONG.hexdigest()},
            "sha256_mismatch",
        ),
    ],
)
def test_a_wrong_checksum_leaves_nothing(alice, version, headers, reason):
    answer = alice.put(f"versions/{version.uid}/files/a.csv", TABLE, headers=headers)
    assert refused(answer, 422)["reason"] == reason
    assert not File.objects.exists()
    assert not Blob.objects.exists()
    assert stored() == []


@pytest.mark.parametrize(
    "name",
    ["../a.csv", "data/../../a.csv", "/etc/passwd", "a%00.csv", "data/", "con", "a%5Cb", "a//b"],
)
def test_a_path_that_leads_elsewhere(alice, version, name):
    told = refused(alice.put(f"versions/{version.uid}/files/{name}", TABLE), 422)
    assert told["reason"].startswith(("path_", "name_"))
    assert stored() == []
    refused(alice.get(f"versions/{version.uid}/files/{name}"), 422)


def test_over_the_limit(alice, version, settings):
    settings.UPLOAD_LIMIT = 10
    answer = alice.put(f"versions/{version.uid}/files/a.csv", TABLE)
    assert "10 bytes" in refused(answer, 413)["detail"]
    assert stored() == []


def test_a_stream_that_breaks_off(alice, version):
    cut_off = {"CONTENT_LENGTH": "1000", "wsgi.input": io.BytesIO(TABLE)}
    answer = alice.put(f"versions/{version.uid}/files/a.csv", TABLE, **cut_off)
    assert refused(answer, 422)["reason"] == "size_mismatch"
    assert stored() == []
    failed = Event.objects.filter(kind="act").latest("id")
    assert (failed.verb, failed.outcome) == ("file.upload", "failed")


def test_no_length_and_no_bytes(alice, version):
    found = f"versions/{version.uid}/files/a.csv"
    refused(alice.put(found, TABLE, CONTENT_LENGTH=""), 411)
    refused(alice.put(found, TABLE, headers={"Content-Encoding": "gzip"}), 411)
    refused(alice.put(found, TABLE, content_type="application/json"), 415)
    refused(alice.put(found, TABLE, content_type="multipart/form-data; boundary=x"), 415)
    assert stored() == []
    assert alice.put(found, b"", CONTENT_LENGTH="0", CONTENT_TYPE=BYTES).json()["size"] == 0


def test_the_same_path_twice(alice, path):
    refused(alice.put(path, b"other"), 409, "path")
    assert alice.get(path).getvalue() == TABLE


def test_bytes_that_are_elsewhere(alice, version):
    facts = {"path": "big.bin", "uri": "https://example.org/big.bin", "size": 5}
    files = f"versions/{version.uid}/files"
    refused(alice.post(files, {**facts, "sha256": "no"}), 422, "sha256")
    refused(alice.post(files, {**facts, "sha256": "0" * 64, "path": "../x"}), 422)
    refused(alice.post(files, {**facts, "sha256": "0" * 64, "uri": "javascript:x"}), 422, "uri")
    assert alice.post(files, {**facts, "sha256": "0" * 64}).status_code == 201
    told = refused(alice.get(f"{files}/big.bin"), 422)
    assert "https://example.org/big.bin" in told["detail"]


def test_a_file_is_removed(alice, path):
    assert alice.delete(path).status_code == 204
    refused(alice.get(path), 404)


def test_a_download(cast, alice, path):
    whole = alice.get(path)
    assert (whole.status_code, whole.getvalue()) == (200, TABLE)
    assert whole["ETag"] == f'"{DIGEST.hexdigest()}"'
    assert whole["Accept-Ranges"] == "bytes"
    assert whole["Content-Length"] == str(len(TABLE))
    assert whole["Content-Type"] == BYTES
    assert whole["Content-Disposition"] == 'attachment; filename="train.csv"'
    assert whole["X-Content-Type-Options"] == "nosniff"
    assert downloads(outcome="ok", actor=cast.alice) == 1
    assert alice.get(path, Accept="text/csv").status_code == 200


@pytest.mark.parametrize(
    ("asked", "status", "sent"),
    [
        ("bytes=0-0", 206, TABLE[:1]),
        ("bytes=8-14", 206, TABLE[8:15]),
        ("bytes=-5", 206, TABLE[-5:]),
        ("bytes=30-", 206, TABLE[30:]),
        ("bytes=0-9999", 206, TABLE),
        ("bytes=5-2", 200, TABLE),
        ("bytes=0-1,4-5", 200, TABLE),
        ("lines=1-2", 200, TABLE),
        ("nonsense", 200, TABLE),
    ],
)
def test_a_part(alice, path, asked, status, sent):
    answer = alice.get(path, Range=asked)
    assert (answer.status_code, answer.getvalue()) == (status, sent)
    assert ("Content-Range" in answer) == (status == 206)


def test_a_part_that_is_not_there(alice, path):
    answer = alice.get(path, Range="bytes=9999-")
    refused(answer, 416)
    assert answer["Content-Range"] == f"bytes */{len(TABLE)}"
    assert downloads() == 0


def test_headers_only(alice, path):
    answer = alice.client.head(ROOT + path, headers=alice.signed({}))
    assert (answer.getvalue(), answer["Content-Length"]) == (b"", str(len(TABLE)))
    assert Event.objects.get(verb="file.download", kind="act").message == "headers only"


def test_a_part_of_what_has_changed_is_the_whole(alice, path):
    assert alice.get(path, **{"Range": "bytes=0-0", "If-Range": '"x"'}).status_code == 200


def test_the_purpose_counts(cast, alice, path, version):
    versions.approve(version, by=cast.alice)
    grants.give(role("reader"), cast.bob, cast.scans, purpose="research", by=cast.alice)
    bob = caller(cast.bob)
    assert bob.get(f"{path}?purpose=research").status_code == 200
    told = refused(bob.get(f"{path}?purpose=marketing"), 403)
    assert told["reason"] == "purpose_not_permitted"
    refused(bob.get(f"{path}?purpose=fun"), 422, "purpose")
    assert downloads(outcome="ok", purpose="research", actor=cast.bob) == 1
    assert downloads(outcome="denied", actor=cast.bob) == 1


def test_a_reader_without_download(cast, path, version):
    versions.approve(version, by=cast.alice)
    grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice)
    narrow = caller(cast.bob, "discover", "read")
    assert len(narrow.list(f"versions/{version.uid}/files")) == 1
    assert refused(narrow.get(path), 403)["reason"] == "key_scope"
    refused(narrow.get(path, Range="bytes=0-0"), 403)
    refused(narrow.put(f"versions/{version.uid}/files/b.csv", TABLE), 403)
    assert downloads(outcome="denied", actor=cast.bob) == 1  # the second was folded


def test_a_revoked_grant_gives_nothing_from_the_next_request_on(cast, path, version):
    versions.approve(version, by=cast.alice)
    grant = grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice)
    bob = caller(cast.bob)
    assert bob.get(path).status_code == 200
    grants.revoke(grant, by=cast.alice)
    refused(bob.get(path), 404)
