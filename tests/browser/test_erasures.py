"""Erasures and legal holds: in a browser by two people, by REST, in the admin, and by others."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actions import grants, people
from audit.actions import erasures, keeping
from audit.models import Erasure, Event, Hold
from audit.seal import rounds
from tests.audit.sealing import seal_all
from tests.cast import role
from tests.rest import caller, refused


@pytest.fixture
def frida(cast):
    """She held something, Alice wrote of her elsewhere, and she left."""
    frida = people.invite(username="frida", email="frida@example.org", name="Frida", by=cast.erin)
    people.set_name(frida, name="Frida K", by=frida)
    grants.give(role("reader"), frida, cast.scans, by=cast.alice)
    grants.give(role("reader"), cast.bob, cast.scans, reason="As Frida had", by=cast.alice)
    people.deactivate(frida, by=cast.erin)
    seal_all()
    return frida


def planned(cast: Any, person: Any) -> Erasure:
    person.refresh_from_db()
    asked = erasures.ask_erasure(person, "Letter of 3 May", by=cast.erin)
    rounds.once()
    erasures.plan_erasure(asked, [], by=cast.erin)
    rounds.once()
    return asked


@pytest.mark.django_db(transaction=True)
def test_erin_asks_and_petra_carries_out(
    page, live_server, signed_in, assert_accessible, assert_narrow, cast, frida
):
    def look() -> None:
        assert_accessible(page)
        assert_narrow(page)

    signed_in(page, cast.erin)
    page.goto(live_server.url + reverse("person", args=[frida.pk]))
    page.get_by_role("link", name="Erase who they were").click()
    assert page.get_by_label("Person").input_value() == "frida"
    page.get_by_label("Reason").fill("Letter of 3 May")
    look()
    page.get_by_role("button", name="Ask, and show the plan").click()
    page.get_by_role("heading", name="What goes").wait_for()
    page.get_by_role("rowheader", name="grant.open").wait_for()
    look()
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Plan again with these").click()
    page.get_by_text("Planned anew.").wait_for()
    assert page.get_by_role("checkbox").first.is_checked()
    rounds.once()
    page.get_by_role("button", name="Erase").wait_for(state="detached")

    signed_in(page, cast.petra)
    page.goto(live_server.url + reverse("home"))
    page.get_by_role("link", name="Erasures and holds 1").first.click()
    look()
    page.get_by_role("link", name="frida").click()
    page.locator("summary", has_text="Erase").click()
    look()
    page.get_by_role("button", name="Erase").click()
    page.get_by_role("heading", name="What went").wait_for()
    look()
    assert not Event.objects.filter(message="As Frida had").exists()
    assert not Event.objects.filter(actor_repr="frida").exists()


@pytest.mark.django_db(transaction=True)
def test_a_hold_is_placed_and_lifted_by_another(
    page, live_server, signed_in, assert_accessible, assert_narrow, cast
):
    signed_in(page, cast.petra)
    page.goto(live_server.url + reverse("holds"))
    assert_accessible(page)
    page.get_by_label("Path").fill("onclogy")
    page.get_by_label("Reason").fill("Inquiry 7")
    page.get_by_role("button", name="Place it").click()
    page.get_by_text("Nothing stands at 'onclogy'").last.wait_for()
    assert_accessible(page)
    page.get_by_label("Path").fill("oncology/ct-scans")
    page.get_by_role("button", name="Place it").click()
    page.get_by_text("Nothing under /oncology/ct-scans/ leaves the trail now.").wait_for()
    assert page.get_by_text("by a second person").is_visible()
    signed_in(page, cast.erin)
    page.goto(live_server.url + reverse("holds"))
    page.locator("summary", has_text="Lift").click()
    assert_accessible(page)
    assert_narrow(page)
    page.get_by_role("button", name="Lift").click()
    page.get_by_text("The hold on /oncology/ct-scans/ is lifted.").wait_for()
    assert_narrow(page)


# --- the same by the bare forms, REST and the admin; and by those who may not


def browser(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_the_asker_does_not_carry_out_by_form(cast, frida):
    asked = planned(cast, frida)
    address, sent = reverse("erasure_redact", args=[asked.pk]), {"plan": asked.plan["digest"]}
    assert browser(cast.erin).post(address, sent).status_code == 403
    assert browser(cast.petra).post(address, {"plan": "0" * 64}).status_code == 302
    asked.refresh_from_db()
    assert asked.done_at is None
    assert browser(cast.petra).post(address, sent).status_code == 302
    asked.refresh_from_db()
    assert asked.done_by == cast.petra


def test_to_others_there_is_no_such_page(cast, frida):
    asked, hold = planned(cast, frida), keeping.place_hold("/", "x", by=cast.erin)
    for person in (cast.alice, cast.bob, cast.charlie, cast.dana):
        client = browser(person)
        for name in ("erasures", "holds"):
            assert client.get(reverse(name)).status_code == 404
            assert client.post(reverse(name), {"path": "/", "reason": "x"}).status_code == 404
        for name in ("erasure", "erasure_plan", "erasure_redact"):
            assert client.post(reverse(name, args=[asked.pk])).status_code in (404, 405)
        assert client.post(reverse("hold_lift", args=[hold.pk])).status_code == 404
        rest = caller(person)
        for path in ("trail/holds", "trail/erasures", f"trail/erasures/{asked.pk}"):
            assert rest.get(path).status_code == 404
        assert rest.post(f"trail/erasures/{asked.pk}/redact", {"plan": "x"}).status_code == 404
        assert rest.post(f"trail/holds/{hold.pk}/lift").status_code == 404
    assert Hold.objects.get().lifted_at is None


def test_a_mention_is_shown_to_who_reads_the_trail_and_that_is_recorded(cast, frida):
    asked = planned(cast, frida)
    page = reverse("erasure", args=[asked.pk])
    assert b"As Frida had" in browser(cast.erin).get(page).content
    assert Event.objects.filter(verb="trail.view_mentions", actor=cast.erin).count() == 1
    assert b"As Frida had" not in browser(cast.petra).get(page).content
    assert not Event.objects.filter(verb="trail.view_mentions", actor=cast.petra).exists()


def test_who_approves_sees_what_was_chosen_in_full(cast, frida):
    """And no other mention: she does not read the trail."""
    long = "Frida " + "wrote of it and " * 20 + "signed"
    grants.give(role("reader"), cast.charlie, cast.scans, reason=long, by=cast.alice)
    rounds.once()
    asked = planned(cast, frida)
    listed = caller(cast.erin).get(f"trail/erasures/{asked.pk}/mentions").json()["mentions"]
    (seq,) = [one["record"] for one in listed if one["message"] == long]
    assert any(one["message"] == "As Frida had" for one in listed)
    erasures.plan_erasure(asked, [seq], by=cast.erin)
    page = browser(cast.petra).get(reverse("erasure", args=[asked.pk])).content.decode()
    assert long in page
    assert "As Frida had" not in page
    assert f"{len(listed) - 1} more are not shown, and stay" in page
    (shown,) = caller(cast.petra).get(f"trail/erasures/{asked.pk}/mentions").json()["mentions"]
    assert (shown["record"], shown["chosen"], shown["message"]) == (seq, True, long)
    seen = Event.objects.filter(verb="trail.view_mentions", actor=cast.petra, kind="act")
    assert seen.count() == 2
    address = f"trail/erasures/{asked.pk}/mentions"
    assert [caller(one).get(address).status_code for one in (cast.dana, cast.bob)] == [404, 404]


def test_over_rest(cast, frida):
    erin, petra = caller(cast.erin), caller(cast.petra)
    refused(erin.post("trail/erasures", {"person": "bob", "reason": "x"}), 422, "person")
    made = erin.post("trail/erasures", {"person": "frida", "reason": "Letter of 3 May"})
    assert made.status_code == 201, made.content
    address = f"trail/erasures/{made.json()['id']}"
    assert made["Location"].endswith(address)
    rounds.once()
    plan = erin.post(f"{address}/plan", {}).json()["plan"]
    assert plan["what"]["grant.open"] == 2
    assert plan["mentions"]
    refused(erin.post(f"{address}/plan", {"chosen": [0]}), 422)
    refused(erin.post(f"{address}/plan", {"chosen": ["x"]}), 422)
    assert erin.post(f"{address}/redact", {"plan": plan["digest"]}).status_code == 403
    assert petra.post(f"{address}/redact", {"plan": "0" * 64}).status_code == 409
    rounds.once()
    hold = petra.post("trail/holds", {"path": "oncology/ct-scans", "reason": "Inquiry 7"}).json()
    refused(petra.post("trail/holds", {"path": "nowhere", "reason": "x"}), 422, "path")
    refused(petra.post(f"{address}/redact", {"plan": plan["digest"]}), 422)
    refused(petra.post(f"trail/holds/{hold['id']}/lift"), 422)
    assert erin.post(f"trail/holds/{hold['id']}/lift").json()["lifted_by"] == "erin"
    assert petra.post(f"{address}/redact", {"plan": plan["digest"]}).json()["done_by"] == "petra"
    assert petra.get(address).json()["done_at"]
    assert [one["path"] for one in erin.get("trail/holds").json()["results"]] == [hold["path"]]


def test_in_the_admin(cast, frida):
    erin = browser(cast.erin)
    add = reverse("admin:audit_erasure_add")
    assert erin.post(add, {"subject": frida.pk, "reason": "Letter"}).status_code == 302
    asked = Erasure.objects.get()
    rounds.once()
    chosen = {"action": "make_the_plan", "_selected_action": asked.pk}
    erin.post(reverse("admin:audit_erasure_changelist"), chosen)
    asked.refresh_from_db()
    assert asked.plan["what"]
    shown = erin.get(reverse("admin:audit_erasure_change", args=[asked.pk]))
    assert shown.status_code == 200
    wrong = erin.post(reverse("admin:audit_hold_add"), {"path": "nowhere", "reason": "x"})
    assert b"Nothing stands at" in wrong.content
    erin.post(reverse("admin:audit_hold_add"), {"path": "/", "reason": "x"})
    hold = Hold.objects.get()
    lift = {"action": "lift", "_selected_action": hold.pk}
    answer = erin.post(reverse("admin:audit_hold_changelist"), lift, follow=True)
    assert b"A second person lifts a hold" in answer.content
    for name in ("erasure", "hold"):
        dana = browser(cast.dana)
        assert dana.get(reverse(f"admin:audit_{name}_add")).status_code == 403
        rows = dana.get(reverse(f"admin:audit_{name}_changelist"))
        assert b"frida" not in rows.content
