"""Gateways' pages: Erin writes a condition and a route down, and takes one away."""

from __future__ import annotations

import pytest
from django.utils import timezone

from gateway.models import Condition, DecisionCount, Route

NOUNS = ("routes", "aliases", "conditions", "properties")


@pytest.mark.django_db(transaction=True)
def test_erin_keeps_what_gateways_ask_by(
    page, live_server, signed_in, assert_accessible, assert_narrow, cast
):
    now = timezone.now()
    DecisionCount.objects.create(
        subject=cast.bob,
        resource_id=cast.oncology.pk,
        permission="read",
        minute=now.replace(second=0, microsecond=0),
        first_at=now,
        last_at=now,
    )
    signed_in(page, cast.erin)
    for noun in NOUNS:
        page.goto(f"{live_server.url}/gateway/{noun}/")
        page.get_by_text("Nothing yet").wait_for()
        assert_accessible(page)
        page.get_by_role("link", name="Add the first").click()
        assert_accessible(page)
        assert_narrow(page)
    page.goto(f"{live_server.url}/gateway/answers/")
    page.get_by_role("rowheader", name="bob").wait_for()
    assert_accessible(page)
    assert_narrow(page)

    page.goto(f"{live_server.url}/gateway/conditions/new/")
    page.get_by_label("Type").fill("record")
    page.get_by_label("Action").fill("delete")
    must = page.get_by_role("group", name="Then this must hold")
    must.get_by_label("Property of").select_option("action")
    must.get_by_label("Name").fill("soft")
    must.get_by_label("Value").fill("true")
    page.get_by_role("button", name="Add the condition").click()
    page.get_by_text("action.soft must be true").wait_for()
    assert Condition.objects.get().must_value is True

    page.get_by_role("link", name="Gateways", exact=True).click()
    page.get_by_role("link", name="New route").click()
    page.get_by_label("Host").fill("Models.example.org")
    page.get_by_label("Path").fill("/v1/models/{name}")
    page.get_by_label("On which resource").fill("oncology/{name}")
    page.get_by_role("button", name="Add the route").click()
    page.get_by_text("Host: A host name in lower case").wait_for()
    assert_accessible(page)
    page.get_by_label("Host").fill("models.example.org")
    page.get_by_role("button", name="Add the route").click()
    page.get_by_text("read on oncology/{name}").wait_for()
    assert_accessible(page)
    assert_narrow(page)
    page.locator("summary", has_text="Remove").click()
    page.get_by_role("button", name="Remove it").click()
    page.get_by_text("The route is gone").wait_for()
    assert not Route.objects.exists()
