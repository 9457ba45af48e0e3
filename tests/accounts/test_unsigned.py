"""Agreements on the forms: what requiring one does at once, and why a signature is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from accounts import queries
from accounts.actions import agreements, grants, people
from accounts.decision import decide
from accounts.models import Agreement, Resource
from accounts.permissions import Permission
from registry.actions import assets, states
from tests.cast import role

EDIT = reverse("resource_edit", args=["oncology/ct-scans"])


@pytest.fixture
def dua(cast: Any) -> Agreement:
    """Bob, scoring and Alice may use the scans; Bob has signed."""
    states.set_state(cast.scans, "published", by=cast.alice)
    made = agreements.define(slug="dua", title="Data use", kind="data_use", by=cast.erin)
    for subject in (cast.bob, cast.scoring.user):
        grants.give(role("reader"), subject, cast.scans, by=cast.erin)
    agreements.record(made, cast.bob, evidence="file 7", by=cast.erin)
    return made


def offered(client: Any) -> str:
    form = client.get(EDIT).context["form"]
    labels = dict(form.fields["required_agreements"].choices)
    return str(labels["dua"])


def test_the_form_says_who_is_out_at_once_and_so_it_comes(client, cast, dua):
    client.force_login(cast.alice)
    assert offered(client) == (
        "Data use: 2 of 3 who may use it now have not signed and are out, you among them"
    )
    scans = Resource.objects.get(pk=cast.scans.pk)
    users = (cast.alice, cast.bob, cast.scoring.user)
    assets.edit(cast.scans, required_agreements=["dua"], by=cast.alice)
    told = [decide(user, Permission.DOWNLOAD, scans).reason for user in users]
    assert told == ["agreement_missing", "allowed", "agreement_missing"]
    assert offered(client) == "Data use"


def test_when_all_have_signed_it_says_so(client, cast, dua):
    agreements.record(dua, cast.alice, by=cast.erin)
    client.force_login(cast.alice)
    assert offered(client) == "Data use: all 3 who may use it now have signed"
    assert "Have the signatures recorded first." in client.get(EDIT).content.decode()


def test_the_numbers_are_for_those_who_review(client, cast, dua):
    grants.give(role("contributor"), cast.charlie, cast.scans, by=cast.alice)
    client.force_login(cast.charlie)
    assert offered(client) == "Data use"
    scans = Resource.objects.get(pk=cast.scans.pk)
    assert queries.unsigned(cast.bob, scans) == {}


def record(client: Any, name: str) -> Any:
    return client.post("/agreements/dua/", {"person": name, "evidence": "file 8"})


def test_why_a_signature_is_refused(client, cast, dua):
    """Oneself, a service, somebody deactivated, nobody: each is told apart."""
    client.force_login(cast.erin)
    page = record(client, "erin")
    assert page.status_code == 403
    assert "erin is you or yours: ask a second person to do this." in page.content.decode()
    page = record(client, "scoring")
    assert page.status_code == 422
    assert "A service stands on what its person signed: name them." in page.content.decode()
    people.deactivate(cast.charlie, by=cast.erin)
    assert (
        "charlie is deactivated: reactivate them first."
        in record(client, "charlie").content.decode()
    )
    assert "Nobody here has the user name zoe" in record(client, "zoe").content.decode()
    shown = client.get("/agreements/dua/").context["form"].fields["person"].widget.suggestions
    assert {name for name, _ in shown} == {"alice", "bob", "dana", "petra"}
