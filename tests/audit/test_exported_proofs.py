"""What was taken away of a sealed trail is checked without the site that it came from."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as site

from accounts.actions import grants
from audit.actions import exports
from audit.models import Event, Export
from audit.seal import keys, notes, rounds
from audit.search import Search
from audit.tasks import write_export
from tests.audit.sealing import as_superuser
from tests.cast import role


@pytest.fixture(autouse=True)
def _exports(settings, tmp_path):
    settings.EXPORT_ROOT = tmp_path / "exports"


def written(by, query, form="jsonl") -> Export:
    export = exports.export(Search.of(query), format=form, by=by)
    write_export(str(export.pk))
    return Export.objects.get(pk=export.pk)


@pytest.mark.django_db(transaction=True)
def test_an_export_of_sealed_events_is_checked_without_the_site(cast, tmp_path):
    """Every line by the auditor's program, whose words are its proof."""
    grants.give(role("reader"), cast.bob, cast.scans, reason="Ticket 7", by=cast.alice)
    rounds.once()
    size = Event.objects.count()
    export = written(cast.dana, "verb:grant.open", "proof")
    manifest, body = export.manifest, export.path.read_text()
    acts = Event.objects.filter(verb="grant.open", kind="act").count()
    assert body.count("\n") == manifest["rows"] > manifest["sealed"] == acts
    mine = notes.checkpoint(manifest["checkpoint"]["note"], keys.trusted())
    assert mine.size == manifest["checkpoint"]["size"] == size
    assert base64.b64encode(mine.root).decode() == manifest["checkpoint"]["root"]
    assert check(tmp_path, body).count("signed ones.") == manifest["rows"]
    assert "NOT PROVED" in check(tmp_path, body.replace("Ticket 7", "Ticket 8"))


def check(place: Path, body: str) -> str:
    (place / "proofs.jsonl").write_text(body)
    program = str(Path(site.BASE_DIR) / "static" / "verify_bundle.py")
    files = [str(place / "proofs.jsonl"), str(keys.trusted_file())]
    done = subprocess.run(
        [sys.executable, "-I", program, *files], env={}, capture_output=True, text=True
    )
    return done.stdout + done.stderr


def test_what_is_not_sealed_yet_is_told(cast):
    manifest = written(cast.dana, "verb:group.create").manifest
    assert (manifest["sealed"], manifest["checkpoint"]) == (0, None)
    assert manifest["rows"] > 0
    assert written(cast.dana, "verb:group.create", "proof").manifest["rows"] == 0


@pytest.mark.django_db(transaction=True)
def test_of_what_was_changed_after_its_seal_there_is_no_file(cast):
    rounds.once()
    with as_superuser() as server:
        server.execute("update audit_event set purpose = 'never' where verb = 'grant.open'")
    export = written(cast.dana, "verb:grant.open", "proof")
    assert (export.state, export.path.exists()) == ("failed", False)
    assert "not what was sealed" in export.manifest["reason"]
