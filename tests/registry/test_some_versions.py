"""Who holds some versions of a dataset finds them, and no link leads to what is not there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from accounts.actions import grants
from accounts.grants import Reach
from registry.actions import assets, files, states, versions
from tests.cast import role

WHOLE = "/catalogue/oncology/ct-scans/"


@pytest.fixture
def charlie(client: Any, cast: Any) -> Any:
    """Reader of versions 1 to 2 of three, signed in."""
    states.set_state(cast.scans, "published", by=cast.alice)
    for _ in range(3):
        made = versions.open_version(cast.scans, by=cast.alice)
        files.upload(made, "a.csv", [b"a"], by=cast.alice)
        versions.approve(made, by=cast.alice)
    reach = Reach(1, 2, "ask")
    grants.give(role("reader"), cast.charlie, cast.scans, reach=reach, by=cast.alice)
    client.force_login(cast.charlie)
    return client


def links(page: Any) -> list[str]:
    main = page.content.decode().split("<main", 1)[1]
    return re.findall(r'href="(/[^"#?]*)', main)


def test_home_says_which_versions_and_leads_to_them(charlie):
    page = charlie.get("/")
    assert "Reader on CT scans, v1 to v2" in page.content.decode()
    led = [link for link in links(page) if link.startswith("/catalogue/oncology")]
    assert led == ["/catalogue/oncology/ct-scans@v2/", "/catalogue/oncology/ct-scans@v1/"]


def listed(client: Any, **query: str) -> list[str]:
    rows = client.get("/catalogue/", query).context["rows"]
    return [row.resource.address for row in rows]


BOTH = ["oncology/ct-scans@v2", "oncology/ct-scans@v1"]


def test_the_catalogue_lists_and_finds_them(charlie):
    page = charlie.get("/catalogue/")
    assert "CT scans v2" in page.content.decode() and listed(charlie) == BOTH
    led = {link for link in links(page) if link.startswith("/catalogue/oncology")}
    assert {charlie.get(link).status_code for link in led} == {200}
    for found in ({"q": "ct scans"}, {"q": "oncology"}, {"project": "oncology"}, {"q": " "}):
        assert listed(charlie, **found) == BOTH
    assert listed(charlie, kind="dataset", classification="restricted", q="v2") == BOTH[:1]
    for none in ({"kind": "model"}, {"kind": "project"}, {"q": "petra"}, {"project": "cardio"}):
        assert listed(charlie, **none) == []


def test_more_access_elsewhere_takes_nothing_off_the_list(charlie, cast):
    weather = assets.register(cast.oncology, "dataset", slug="weather", by=cast.alice)
    states.set_state(weather, "published", by=cast.alice)
    grants.give(role("member"), cast.charlie, weather, by=cast.alice)
    assert listed(charlie) == [*BOTH, "oncology/weather"]
    grants.give(role("member"), cast.charlie, cast.scans, by=cast.alice)
    assert listed(charlie) == ["oncology/ct-scans", "oncology/weather"]


def test_whoever_only_sees_a_version_asks_for_more_from_there(client, cast, charlie):
    version = cast.scans.children.get(number=3)
    grants.give(role("member"), cast.charlie, version, by=cast.alice)
    page = charlie.get("/catalogue/")
    assert listed(charlie) == ["oncology/ct-scans@v3", *BOTH]
    asks = "/requests/new/?resource=oncology/ct-scans%40v3"
    assert asks in page.content.decode() and charlie.get(asks).status_code == 200
    deny = grants.give(role("member"), cast.charlie, version, effect="deny", by=cast.alice)
    assert listed(charlie) == BOTH and deny.effect == "deny"


@pytest.mark.parametrize("tab", ["overview", "versions", "access"])
def test_no_link_of_a_version_leads_nowhere(charlie, tab):
    page = charlie.get("/catalogue/oncology/ct-scans@v1/", {"tab": tab})
    assert page.status_code == 200 and charlie.get(WHOLE).status_code == 404
    assert "CT scans" in page.content.decode()
    found = [link for link in links(page) if link.startswith("/catalogue/")]
    assert found and WHOLE not in found
    assert {charlie.get(link).status_code for link in set(found)} == {200}


def test_who_may_see_what_lies_above_is_led_there(client, charlie, cast):
    client.force_login(cast.alice)
    found = links(client.get("/catalogue/oncology/ct-scans@v1/"))
    assert {WHOLE, "/catalogue/oncology/"} <= set(found)


def test_a_withdrawn_or_denied_version_is_no_link_on_home(charlie, cast):
    version = cast.scans.children.get(number=2)
    grants.give(role("reader"), cast.charlie, version, effect="deny", by=cast.alice)
    page = charlie.get("/")
    led = [link for link in links(page) if link.startswith("/catalogue/oncology")]
    assert led == ["/catalogue/oncology/ct-scans@v1/"]
    assert "denied</span>" in page.content.decode() or "Deny</span>" in page.content.decode()


def test_five_of_many_are_shown_on_home(charlie, cast):
    for _ in range(6):
        made = versions.open_version(cast.scans, by=cast.alice)
        files.upload(made, "a.csv", [b"a"], by=cast.alice)
        versions.approve(made, by=cast.alice)
    reach = Reach(3, None, "inherit")
    grants.give(role("member"), cast.charlie, cast.scans, reach=reach, by=cast.alice)
    page = charlie.get(reverse("home"))
    shown = {str(g.role): [v.number for v in seen] for g, seen in page.context["grants"]}
    assert shown == {"reader": [2, 1], "member": [9, 8, 7, 6, 5]}


def test_the_page_of_a_move_says_who_loses_and_what_else_happens(client, cast):
    grants.give(role("reader"), cast.charlie, cast.oncology, effect="deny", by=cast.alice)
    grants.give(role("reader"), cast.dana, cast.scans, by=cast.alice)  # stays: on the dataset
    client.force_login(cast.alice)
    page = client.get(reverse("resource_move", args=["oncology/ct-scans"]))
    told = {(str(g.subject), g.role.slug, g.effect) for g in page.context["losing"]}
    assert told == {
        ("alice", "steward", "allow"),
        ("researchers", "member", "allow"),
        ("charlie", "reader", "deny"),
    }
    text = page.content.decode()
    assert "researchers, Member</a>" in text and "gateway route that names the old project" in text


def test_who_may_not_review_the_project_is_told_that_there_is_more(client, cast):
    grants.give(role("steward"), cast.charlie, cast.scans, by=cast.alice)
    client.force_login(cast.charlie)
    page = client.get(reverse("resource_move", args=["oncology/ct-scans"]))
    assert page.context["losing"] is None
    assert "Who holds them is for its reviewers to see." in page.content.decode()
    assert "researchers" not in page.content.decode()
