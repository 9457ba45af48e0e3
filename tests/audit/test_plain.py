"""A title that reads as another one is refused wherever people type one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.actions import agreements, groups, keys, people, roles, services
from audit.actions.searches import save_search
from audit.plain import plain_line
from audit.search import Search
from gateway.actions import routes
from registry.actions import assets, projects
from tests.attempts import LATER, ROUTE
from tests.rest import caller, refused

Typed = Callable[[Any, str], Any]
TITLES: dict[str, Typed] = {
    "a shared search": lambda w, t: save_search(Search.of("x"), name=t, shared=True, by=w.dana),
    "a project": lambda w, t: projects.register(slug="x", owner=w.bob, name=t, by=w.erin),
    "a dataset": lambda w, t: assets.register(w.oncology, "dataset", slug="x", name=t, by=w.alice),
    "its licence": lambda w, t: assets.edit(w.scans, licence=t, by=w.alice),
    "an agreement": lambda w, t: agreements.define(slug="x", kind="ethics", title=t, by=w.erin),
    "a group": lambda w, t: groups.create(name=t, by=w.erin),
    "a renamed group": lambda w, t: groups.rename(w.researchers, name=t, by=w.erin),
    "a person": lambda w, t: people.set_name(w.bob, name=t, by=w.bob),
    "a key": lambda w, t: keys.issue(w.bob, name=t, scopes=["read"], expires_at=LATER, by=w.bob),
    "a role": lambda w, t: roles.create(slug="x", name=t, permissions=["read"], by=w.erin),
    "a service": lambda w, t: services.register(username=t, owner=w.alice, by=w.erin),
    "a route": lambda w, t: routes.add(**ROUTE | {"pattern": t}, by=w.erin),
}


@pytest.mark.parametrize("what", TITLES)
@pytest.mark.parametrize("unseen", ["\u202e", "\u2066", "\u200b", "\x07", "\x7f", "\ufeff"])
def test_no_title_turns_around_or_hides(cast, what, unseen):
    with pytest.raises(ValidationError) as error:
        TITLES[what](cast, f"/report{unseen}cod.exe")
    assert hasattr(error.value, "error_dict")


@pytest.mark.parametrize("text", ["Ärzte & Söhne", "می‌خواهم", "👩‍🔬 lab", "日本語", "שלום 12"])
def test_every_script_is_written_as_it_is(cast, text):
    plain_line(text)
    assert groups.create(name=text, by=cast.erin).name == text


def test_the_message_names_the_character(cast):
    answer = caller(cast.erin).post("groups", {"name": "a\u202eb"})
    refused(answer, 422, "name")
    assert "U+202E" in answer.json()["detail"]
