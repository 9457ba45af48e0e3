"""What is done with a search of the trail: completed, narrowed, kept, taken away."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse
from playwright.sync_api import expect

from accounts.actions import grants
from audit.actions import searches
from audit.budget import budget
from audit.models import Event, Export, SavedSearch
from audit.refusals import flush
from audit.search import Search
from audit.tasks import write_export
from audit.trail import findings
from tests.cast import role
from tests.rest import caller, refused

OPEN_ALL = "document.querySelectorAll('.tools details, .facet').forEach((one) => one.open = true)"


def box(page):
    return page.get_by_role("combobox", name="Search the trail")


@pytest.fixture(autouse=True)
def _exports(settings, tmp_path):
    settings.EXPORT_ROOT = tmp_path / "exports"


@pytest.mark.django_db(transaction=True)
def test_dana_narrows_keeps_and_exports(
    page, live_server, signed_in, assert_accessible, assert_narrow, cast
):
    grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice, reason="Ticket ML-204")
    signed_in(page, cast.dana)
    page.goto(live_server.url + reverse("trail", query={"q": "verb:grant"}))
    page.locator("summary", has_text="Actor").click()
    page.get_by_role("link", name="alice", exact=True).click()
    assert box(page).input_value() == "verb:grant actor:alice"
    page.evaluate(OPEN_ALL)
    assert_accessible(page)
    assert_narrow(page)
    page.get_by_label("Name of this search").fill("Alice gives")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_text("Kept as Alice gives.")).to_be_visible()
    page.get_by_role("link", name="Take out actor:alice").click()
    assert box(page).input_value() == "verb:grant"
    page.locator("summary", has_text="Export").click()
    page.get_by_label("What this search finds, as").select_option("ocsf")
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert_accessible(page)
    write_export(str(Export.objects.get().pk))
    expect(page.get_by_role("heading", name="Ready")).to_be_visible()  # nobody reloaded
    assert_accessible(page)
    assert_narrow(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename.endswith(".ocsf.jsonl")
    page.goto(live_server.url + reverse("exports"))
    assert_accessible(page)
    assert_narrow(page)


@pytest.mark.django_db(transaction=True)
def test_what_is_typed_is_what_is_kept_and_exported(page, live_server, signed_in, cast):
    signed_in(page, cast.dana)
    page.goto(live_server.url + reverse("trail"))
    box(page).press_sequentially("verb:group")
    page.get_by_role("link", name="Take out verb:group").wait_for()
    assert box(page).evaluate("one => one === document.activeElement")
    page.locator("summary", has_text="Export").click()
    page.get_by_role("button", name="Export", exact=True).click()
    page.get_by_role("heading", name="Export verb:group").wait_for()
    assert Export.objects.get().query == "verb:group"


@pytest.mark.django_db(transaction=True)
def test_completions_follow_the_typing(page, live_server, signed_in, cast):
    signed_in(page, cast.dana)
    page.goto(live_server.url + reverse("trail"))
    assert page.locator("#lines option").first.get_attribute("value") == "actor:"
    box(page).press_sequentially("-door:web verb:gra")
    page.wait_for_selector('#lines option[value="-door:web verb:grant.open"]', state="attached")


def options(client, q) -> list[str]:
    page = client.get(reverse("trail_complete"), {"q": q})
    assert page.status_code == 200
    return list(page.context["lines"])


def test_completions_are_of_what_one_may_read(client, cast):
    client.force_login(cast.dana)
    assert options(client, "actor:e") == ["actor:erin"]
    assert options(client, "outcome:d") == ["outcome:denied"]
    assert options(client, "x ver") == ["x verb:"]
    assert "resource:oncology" in options(client, "resource:onc")
    client.force_login(cast.alice)
    assert options(client, "actor:e") == []
    for hostile in ("actor:\x00", 'actor:"<script>', "x" * 10_000, "actor:%", "nope:x"):
        assert options(client, hostile) == []
    client.force_login(cast.charlie)
    assert client.get(reverse("trail_complete"), {"q": "actor:"}).status_code == 404


def test_completing_is_a_look_that_folds(client, cast):
    client.force_login(cast.dana)
    for typed in ("actor:", "actor:e", "actor:er", "-actor:a", "resource:onc", "ver", "class:m"):
        options(client, typed)
    looks = Event.objects.filter(verb="trail.complete").order_by("id")
    assert list(looks.values_list("message", flat=True)) == ["actor:", "resource:"]
    assert flush() == 1
    later = looks.latest("id")
    assert (later.actor, later.outcome, later.data["count"]) == (cast.dana, "ok", 3)
    assert later.decision
    assert findings() == []


def test_a_shared_search_is_in_everybodys_menu(client, cast):
    search = Search.of("outcome:denied since:7d")
    saved = searches.save_search(search, name="Refused", shared=True, by=cast.dana)
    searches.save_search(search, name="Mine", by=cast.dana)
    client.force_login(cast.erin)
    page = client.get(reverse("trail"))
    assert [one.name for one in page.context["saved"]] == ["Refused"]
    found = client.get(saved.get_absolute_url())
    assert found.context["q"] == "outcome:denied since:7d"
    client.post(reverse("search_delete", args=[saved.pk]))
    assert SavedSearch.objects.filter(pk=saved.pk).exists()
    client.force_login(cast.dana)
    client.post(reverse("search_delete", args=[saved.pk]))
    assert not SavedSearch.objects.filter(pk=saved.pk).exists()
    client.force_login(cast.charlie)
    for name in ("search_save", "export_new"):
        assert client.post(reverse(name), {"name": "x", "format": "csv"}).status_code == 404
    assert client.get(reverse("exports")).status_code == 404


WRONG = ["actr:x", 'a "b', "until:9999-12-31", "x" * 10_240, "ip:x", "a\x00b", "since:1e9d"]


@pytest.mark.parametrize("q", WRONG)
def test_a_wrong_search_shows_what_is_right(client, cast, q):
    client.force_login(cast.dana)
    page = client.get(reverse("trail"), {"q": q})
    assert page.status_code == 200 and page.context["wrong"] and not page.context["page"].rows
    assert reverse("export_new").encode() not in page.content  # of what, would be a surprise
    for name in ("search_save", "export_new"):
        answer = client.post(reverse(name), {"name": "x", "q": q, "format": "csv"})
        assert answer.status_code == 302
    refused(caller(cast.dana).get(f"trail?q={q.replace(chr(0), '%00')}"), 422, "q")
    assert not Export.objects.exists() and not SavedSearch.objects.exists()


@pytest.mark.parametrize("cursor", ["x", "-", "%00", "-" + "A" * 5000, "WyJ4Il0="])
def test_a_forged_cursor_is_no_way_in(client, cast, cursor):
    client.force_login(cast.dana)
    assert client.get(reverse("trail") + f"?cursor={cursor}").status_code == 200
    refused(caller(cast.dana).get(f"trail?cursor={cursor}"), 422)


def test_what_takes_too_long_is_stopped_and_explained(db):
    slow, stopped = "select pg_sleep(5)", pytest.raises(ValidationError, match="Narrow it down")
    with stopped, budget(0.05), connection.cursor() as cursor:
        cursor.execute(slow)
    with connection.cursor() as cursor:
        cursor.execute("show statement_timeout")
        assert cursor.fetchone()[0] == "0"


def test_the_page_of_a_change_leads_to_its_act(client, cast):
    grants.give(role("reader"), cast.bob, cast.scans, reason="ML-204", by=cast.alice)
    client.force_login(cast.dana)
    page = client.get(reverse("trail"), {"q": "changed:reason=ML-204"})
    (change,) = page.context["page"].rows
    shown = client.get(change.get_absolute_url())
    assert shown.context["act"].verb == "grant.open"
    assert shown.context["act"].get_absolute_url().encode() in shown.content
