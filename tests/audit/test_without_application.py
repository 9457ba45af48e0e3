"""Verifying without the application: the same findings, and none of its apps."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings

from tests.acting import rows
from tests.audit.sealing import act, as_superuser, environment, seal_all

pytestmark = pytest.mark.django_db(transaction=True)
APPS = "import sys; from audit import alone; alone.main(); print(*sys.modules)"


def alone(*options: str) -> subprocess.CompletedProcess[str]:
    return run("-m", "audit.alone", *options)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=settings.BASE_DIR, env=environment(), capture_output=True, text=True,
    )  # fmt: skip


@pytest.fixture
def sealed(cast: Any) -> None:
    act(cast, 2)
    seal_all()


def test_a_whole_trail_holds_together(sealed):
    done = alone()
    found = json.loads(done.stdout)
    assert (done.returncode, found["ok"], found["problems"]) == (0, True, [])
    assert found["leaves"] == rows("select count(*) from audit_leaf")[0]
    assert done.stderr == ""


def test_an_edited_event_is_named(sealed):
    with as_superuser() as server:
        edit = "update audit_event set actor_repr = 'mallory' where id = %s returning uid"
        number = rows("select event_id from audit_leaf where seq = 20")[0]
        [uid] = server.execute(edit, [number]).fetchone() or []
    done = alone()
    assert done.returncode == 1
    assert json.loads(done.stdout)["problems"][0].startswith(f"event {uid} (leaf 20): who did it")


def test_a_size_that_nobody_signed_is_refused(sealed):
    done = alone("--since", "3")
    assert (done.returncode, done.stderr) == (2, "No checkpoint has the size 3.\n")


def test_no_app_is_loaded(sealed):
    verdict, modules = run("-c", APPS).stdout.splitlines()
    loaded = modules.split()
    assert json.loads(verdict)["ok"]
    assert "audit.trail" in loaded
    assert not {"audit.models", "accounts", "rest_framework", "celery"} & set(loaded)
