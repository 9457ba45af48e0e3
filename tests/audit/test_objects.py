"""Checkpoints in an object store with a lock, against SeaweedFS: a real store, not a copy of AWS.

Tried here is what it enforces of Object Lock, which is all that we rely on. AWS itself and MinIO
were not tried.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.conf import settings as configured
from django.core.management import CommandError, call_command

from audit.delivery import objects
from audit.delivery.buckets import bucket
from audit.seal import anchors, keys, notes, rounds, verify
from governance import health
from tests.acting import rows
from tests.audit.sealing import act, as_superuser, check, told
from tests.audit.store import KEY, SECRET, Store, seaweed
from tests.audit.test_tampering import cut

SIX_YEARS = timedelta(days=6 * 365 + 1)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with seaweed(tmp_path_factory.mktemp("store")) as found:
        yield found


@pytest.fixture(autouse=True)
def credentials(monkeypatch, tmp_path):
    """Those of the store's owner: who is refused with them has no others to try."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))


@pytest.fixture
def locked(store, settings, monkeypatch) -> str:
    """A bucket that takes every checkpoint."""
    name: str = store.bucket()
    settings.SEAL_ANCHORS = [store.target(name)]
    monkeypatch.setattr(anchors, "EVERY", timedelta(0))
    return name


def read(target: str, **more: Any) -> list[str]:
    return [json.loads(line) for line in objects.read(bucket(target), **more)]


def test_a_checkpoint_becomes_an_object_that_is_kept_as_long_as_the_trail(cast, store, locked):
    rounds.once()
    act(cast, 2)
    rounds.once()
    sizes = rows("select size from audit_checkpoint order by size")
    versions = store.versions(locked)
    assert [int(key[5:25]) for key, _ in versions] == sizes
    for key, version in versions:
        at = store.owner.get_object_retention(Bucket=locked, Key=key, VersionId=version)
        assert at["Retention"]["Mode"] == "COMPLIANCE"
        assert at["Retention"]["RetainUntilDate"] - datetime.now(UTC) > SIX_YEARS
    [target] = configured.SEAL_ANCHORS
    found = [notes.checkpoint(note, keys.trusted()).size for note in read(target)]
    assert found == sizes[::-1], "the largest first"
    assert rows(f"select count(*) from audit_anchor where target = '{target}'") == [2]
    assert health.anchored().status == "OK"


def test_days_say_how_long(cast, store, locked, settings):
    settings.SEAL_ANCHORS = [store.target(locked, "&days=3")]
    rounds.once()
    [(key, version)] = store.versions(locked)
    at = store.owner.get_object_retention(Bucket=locked, Key=key, VersionId=version)
    left = at["Retention"]["RetainUntilDate"] - datetime.now(UTC)
    assert timedelta(days=2.9) < left < timedelta(days=3)


def retention(mode: str, days: float) -> dict[str, Any]:
    return {"Mode": mode, "RetainUntilDate": datetime.now(UTC) + timedelta(days=days)}


BYPASS = {"BypassGovernanceRetention": True}
SUSPENDED = {"VersioningConfiguration": {"Status": "Suspended"}}
ATTACKS = {
    "delete": lambda s3, at: s3.delete_object(**at),
    "delete, bypassing": lambda s3, at: s3.delete_object(**at, **BYPASS),
    "shorten": lambda s3, at: s3.put_object_retention(
        **at, Retention=retention("COMPLIANCE", 1), **BYPASS
    ),
    "soften": lambda s3, at: s3.put_object_retention(
        **at, Retention=retention("GOVERNANCE", 9999), **BYPASS
    ),
    "keep no versions": lambda s3, at: s3.put_bucket_versioning(Bucket=at["Bucket"], **SUSPENDED),
    "put in its place": lambda s3, at: s3.put_object(
        Bucket=at["Bucket"], Key=at["Key"], Body=b"x", IfNoneMatch="*"
    ),
    "delete the bucket": lambda s3, at: s3.delete_bucket(Bucket=at["Bucket"]),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_whoever_owns_the_store_cannot(cast, store, locked, attack):
    rounds.once()
    [target] = configured.SEAL_ANCHORS
    before = read(target)
    [(key, version)] = store.versions(locked)
    with pytest.raises(ClientError, match=r"AccessDenied|InvalidBucketState|Precondition|NotEmpty"):
        ATTACKS[attack](store.owner, {"Bucket": locked, "Key": key, "VersionId": version})
    assert len(before) == 1
    assert read(target) == before


def test_what_was_hidden_is_read_all_the_same(cast, store, locked):
    """Both are allowed by the lock: another version on top, and a mark that it was deleted."""
    rounds.once()
    [target] = configured.SEAL_ANCHORS
    [note] = read(target)
    [(key, _)] = store.versions(locked)
    store.owner.put_object(Bucket=locked, Key=key, Body=b"nothing")
    store.owner.delete_object(Bucket=locked, Key=key)
    assert store.owner.list_objects_v2(Bucket=locked)["KeyCount"] == 0
    found = read(target)
    assert note in found
    assert len(found) == 2
    problems = verify.verify(keys.trusted(), found).problems
    assert len(problems) == 1, "and what was put on top is named"
    assert str(problems[0]).startswith("an anchor: ")


def test_old_checkpoints_under_larger_names_push_none_out_unseen(cast, store, locked):
    rounds.once()
    act(cast, 2)
    rounds.once()
    [target] = configured.SEAL_ANCHORS
    newest, oldest = read(target)
    for number in range(3):
        key = f"gate/{10**15 + number:020d}-{number:016x}.json"
        store.owner.put_object(Bucket=locked, Key=key, Body=json.dumps(oldest).encode())
    found = read(target, most=3)
    assert newest not in found
    assert len(verify.verify(keys.trusted(), found).problems) == 3


@pytest.mark.django_db(transaction=True)
def test_a_cut_tail_and_changed_anchors_are_seen_by_the_store_only(cast, store, locked, tmp_path):
    """Who owns database and machine: no copy of theirs tells."""
    for _ in range(
        3
    ):  # rounds that end where acts do, so that the cut leaves none without its half
        act(cast, 2)
        rounds.once()
    with as_superuser() as server:
        cut(server)
    size = check().size
    anchors.set_aside(size)
    assert told() == ""
    call_command("verify_trail", "--as", "dana")
    kept = tmp_path / "kept"
    kept.write_bytes(printed(*configured.SEAL_ANCHORS).stdout)
    with pytest.raises(CommandError, match=f"leaves were anchored and {size} are here: the trail"):
        call_command("verify_trail", "--anchors", str(kept), "--as", "dana")


def printed(*words: str) -> subprocess.CompletedProcess[bytes]:
    """As an auditor does on a machine without the site: no settings, no database."""
    command = [sys.executable, "-m", "audit.delivery.objects", *words]
    place = {name: value for name, value in os.environ.items() if name[:4] in ("PATH", "AWS_")}
    return subprocess.run(
        command, cwd=Path(configured.BASE_DIR), capture_output=True, check=False, env=place
    )


def test_what_cannot_be_read_is_an_error_and_no_empty_list(store):
    found = printed(store.target("there-is-none"))
    assert (found.returncode, found.stdout) == (2, b"")
    assert b"NoSuchBucket" in found.stderr
    assert printed("https://x").returncode == 2
    assert b"write s3://" in printed().stderr


def test_a_bucket_without_a_lock_is_refused(cast, store, settings, caplog):
    name = store.bucket(locked=False)
    settings.SEAL_ANCHORS = [store.target(name)]
    rounds.once()
    assert rows("select target from audit_anchor") == ["file"]
    assert store.versions(name) == []
    assert "a copy that can be deleted proves nothing" in caplog.text
    found = health.anchored()
    assert found.status == "FAIL"
    assert f"s3://{name}" in found.found
    assert "--object-lock-enabled-for-bucket" in found.found


def test_wrong_credentials_delay_this_target_only(cast, store, locked, monkeypatch, caplog):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "guessed-and-wrong")
    rounds.once()
    assert rows("select target from audit_anchor") == ["file"]
    assert "guessed-and-wrong" not in caplog.text + health.anchored().found
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    assert anchors.publish() == []
    assert len(store.versions(locked)) == 1
