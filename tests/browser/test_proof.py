"""The proof of an event, taken from its page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from accounts.actions import grants
from audit.models import Event
from audit.seal import keys, rounds
from tests.cast import role


@pytest.mark.django_db(transaction=True)
def test_dana_takes_a_proof_away(page, live_server, signed_in, assert_accessible, cast):
    grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice, reason="Ticket ML-204")
    event = Event.objects.filter(verb="grant.open", kind="act").latest("id")
    signed_in(page, cast.dana)
    page.goto(live_server.url + event.get_absolute_url())
    page.get_by_text("Not sealed yet").wait_for()
    rounds.once()
    page.reload()
    page.get_by_text("Sealed as number").wait_for()
    assert_accessible(page)
    with page.expect_download() as taken:
        page.get_by_role("link", name="Take the proof").click()
    assert taken.value.suggested_filename == f"proof-{event.uid}.json"
    proof = json.loads(Path(taken.value.path()).read_text())
    assert proof["event"]["uid"] == str(event.uid)
    with page.expect_download() as taken:
        page.get_by_role("link", name="Public keys").click()
    assert Path(taken.value.path()).read_text() == keys.trusted_file().read_text()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Checking program").click()
    assert taken.value.suggested_filename == "verify_bundle.py"
