"""The catalogue and what is in it: found, described, filled, approved, downloaded."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.actions import grants
from audit.models import Event
from registry.actions import assets, files, states, versions
from registry.models import Dataset, File, Version
from registry.views import card
from tests.browser.world import BYTES, publish
from tests.cast import role
from tests.rest import caller

SCANS = "oncology/ct-scans"


def at(address: str, tab: str = "") -> str:
    return reverse("resource", args=[address]) + (f"?tab={tab}" if tab else "")


def events(verb: str):
    return Event.objects.filter(kind="act", verb=verb)


@pytest.mark.django_db(transaction=True)
def test_bob_finds_what_he_may_not_read_yet(
    page, live_server, signed_in, assert_accessible, assert_narrow, cast
):
    publish(cast)
    signed_in(page, cast.bob)
    page.goto(live_server.url + reverse("catalogue"))
    page.keyboard.press("/")
    page.keyboard.type("ct sca")
    page.wait_for_url("**q=ct*")
    row = page.get_by_role("listitem").filter(has_text=SCANS)
    assert row.get_by_role("link", name="Request access").is_visible()
    assert_accessible(page)
    assert_narrow(page)
    page.get_by_role("searchbox").fill("no such thing")
    page.get_by_role("heading", name="Nothing matches").wait_for()
    page.goto(live_server.url + at(SCANS))
    page.get_by_text("You can see that it exists").wait_for()
    assert_accessible(page)
    page.get_by_role("link", name="Versions").click()
    page.get_by_text("Files are for those with a grant").wait_for()
    assert_accessible(page)
    page.get_by_role("link", name="Request access").click()
    page.get_by_role("heading", name="Request access").wait_for()


@pytest.mark.django_db(transaction=True)
def test_alice_registers_fills_and_publishes(
    page, live_server, signed_in, assert_accessible, assert_narrow, cast, tmp_path
):
    signed_in(page, cast.alice)
    page.goto(live_server.url + reverse("asset_new", args=["oncology", "dataset"]))
    page.get_by_label("Short name").fill("ct-scans")
    page.get_by_label("Name", exact=True).fill("Weather")
    assert_accessible(page)
    assert_narrow(page)
    page.get_by_role("button", name="Register as a draft").click()
    page.get_by_role("alert").wait_for()
    assert page.get_by_text("oncology/ct-scans is taken").count()
    assert_accessible(page)
    page.get_by_label("Short name").fill("weather")
    page.locator("#id_card").fill("---\nstations: 12\n---\n# Weather\n\n<b>raw</b> **bold**")
    page.get_by_role("button", name="Register as a draft").click()
    page.get_by_role("heading", name="Weather", level=1).wait_for()
    assert (
        page.get_by_text("12", exact=True).is_visible() and page.get_by_text("<b>raw</b>").count()
    )

    page.get_by_role("link", name="Versions", exact=True).click()
    page.get_by_role("button", name="Open a version").click()
    page.get_by_role("heading", name="Weather, version 1").wait_for()
    put(page, tmp_path, sha256="0" * 64)
    page.locator("#id_sha256_error").wait_for()
    assert_accessible(page)
    assert_narrow(page)
    put(page, tmp_path, sha256=hashlib.sha256(BYTES).hexdigest())
    page.get_by_role("rowheader", name="table.csv").wait_for()
    assert_accessible(page)
    page.locator("summary", has_text="Approve").click()
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("is approved and frozen").wait_for()
    page.goto(live_server.url + at("oncology/weather"))
    page.locator("summary", has_text="Publish").click()
    assert_accessible(page)
    page.get_by_role("button", name="Publish").click()
    page.get_by_text("is published now").wait_for()
    assert Dataset.objects.get(slug="weather").state == "published"


def put(page, folder: Path, **facts: str) -> None:
    path = folder / "table.csv"
    path.write_bytes(BYTES)
    page.locator("#id_file").set_input_files(path)
    for name, value in facts.items():
        page.locator(f"#id_{name}").fill(value)
    page.get_by_role("button", name="Upload").click()


@pytest.mark.django_db(transaction=True)
def test_every_tab_of_every_kind(
    page, live_server, signed_in, assert_accessible, assert_narrow, cast
):
    publish(cast)
    signed_in(page, cast.alice)
    for address in ("oncology", SCANS, f"{SCANS}@v1"):
        for tab in ("overview", "versions", "access", "activity"):
            page.goto(live_server.url + at(address, tab))
            page.get_by_role("heading", level=1).wait_for()
            assert_accessible(page)
            assert_narrow(page)


@pytest.mark.django_db(transaction=True)
def test_without_script(browser, live_server, signed_in, cast):
    publish(cast)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    signed_in(page, cast.alice)
    page.goto(live_server.url + reverse("catalogue"))
    page.get_by_role("searchbox").fill("chest")
    page.get_by_role("searchbox").press("Enter")
    page.get_by_text("You may download").wait_for()
    page.goto(live_server.url + at(f"{SCANS}@v1", "versions"))
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download data/findings.csv").click()
        page.get_by_label("Scientific research").check()
        page.get_by_role("button", name="Download").click()
    assert Path(waiting.value.path()).read_bytes() == BYTES
    assert events("file.download").get().purpose == "research"
    context.close()


def address_of(version: Version) -> str:
    return reverse("file_download", args=[version.address, "data/findings.csv"])


def test_a_download_is_one_decision_one_event_and_inert_bytes(client, cast):
    version = publish(cast)
    grants.give(role("reader"), cast.bob, cast.scans, purpose="research", by=cast.alice)
    client.force_login(cast.bob)
    whole = client.get(address_of(version))
    assert whole.getvalue() == BYTES and whole["Content-Length"] == str(len(BYTES))
    assert whole["Content-Disposition"] == 'attachment; filename="findings.csv"'
    assert whole["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in whole["Content-Security-Policy"]
    part = client.get(address_of(version), headers={"Range": "bytes=8-14"})
    assert (part.status_code, part.getvalue()) == (206, BYTES[8:15])
    assert part["Content-Range"] == f"bytes 8-14/{len(BYTES)}"
    assert client.get(address_of(version), headers={"Range": "bytes=999-"}).status_code == 416
    other = client.get(address_of(version), headers={"Range": "bytes=8-14", "If-Range": '"x"'})
    assert (other.status_code, other.getvalue()) == (200, BYTES)
    assert [e.purpose for e in events("file.download")] == ["research"] * 3


# The shell of every page asks half a dozen; a decision that is not at once no asks three.
QUERIES = {
    ("bob", at(SCANS)): 16,
    ("alice", at(SCANS)): 32,
    ("bob", reverse("catalogue")): 16,
    ("alice", reverse("home")): 18,
    ("bob", reverse("keys")): 16,
}


@pytest.mark.parametrize(("name", "address"), QUERIES)
def test_a_page_asks_few_questions(client, cast, django_assert_max_num_queries, name, address):
    publish(cast)
    client.force_login(getattr(cast, name))
    client.get(address)
    with django_assert_max_num_queries(QUERIES[name, address]):
        assert client.get(address).status_code == 200


def test_headers_alone_are_an_event_too(client, cast):
    version = publish(cast)
    client.force_login(cast.alice)
    for address in (at(SCANS), at(SCANS, "activity"), reverse("catalogue")):
        assert client.head(address).status_code == 200
    found = client.head(address_of(version), {"purpose": "research"})
    assert (found.status_code, found.getvalue()) == (200, b"")
    assert found["Content-Length"] == str(len(BYTES))
    assert events("file.download").get().message == "headers only"


def test_who_may_not_read_does_not_learn_of_the_file(client, cast):
    version = publish(cast)
    for person in (cast.bob, cast.charlie):
        client.force_login(person)
        assert client.get(address_of(version)).status_code == 404


def test_a_wrong_purpose_is_refused_and_recorded(client, cast):
    version = publish(cast)
    client.force_login(cast.alice)
    assert client.get(address_of(version)).context["purposes"] == ["model_training", "research"]
    assert client.get(address_of(version), {"purpose": "marketing"}).status_code == 403
    assert events("file.download").get().outcome == "denied"


def test_charlie_sees_nothing_of_it(client, cast):
    publish(cast)
    client.force_login(cast.charlie)
    assert b"ct-scans" not in client.get(reverse("catalogue")).content
    for tab in ("", "versions", "access", "activity"):
        assert client.get(at(SCANS, tab)).status_code == 404


def test_the_facets_narrow(client, cast):
    publish(cast)
    client.force_login(cast.bob)
    for query, found in (
        ({"kind": "model"}, False),
        ({"kind": "dataset", "project": "oncology"}, True),
        ({"classification": "public"}, False),
        ({"kind": "project"}, False),
        ({"q": "chest PATIENTS"}, True),
    ):
        page = client.get(reverse("catalogue"), query)
        assert ([row.resource.address for row in page.context["rows"]] == [SCANS]) is found


def test_lists_show_what_a_thing_counts_as(client, cast):
    """Made from restricted data, and registered as public: every list says restricted."""
    facts = {"slug": "slices", "classification": "public"}
    slices = assets.register(cast.oncology, "dataset", by=cast.alice, **facts)
    states.set_state(slices, "published", by=cast.alice)
    made = versions.open_version(slices, by=cast.alice)
    versions.record_lineage(made, publish(cast), "derived_from", by=cast.alice)
    files.upload(made, "slices.csv", [b"a"], by=cast.alice)
    versions.approve(made, by=cast.alice)
    client.force_login(cast.alice)
    catalogue = reverse("catalogue")
    for page in (
        client.get(catalogue, {"q": "slices"}),
        client.get(catalogue, {"q": "slices", "classification": "restricted"}),
        client.get(at("oncology")),
    ):
        text = page.content.decode()
        row = text[text.index(at("oncology/slices")) :].partition("</li>")[0]
        assert "Restricted" in row and "inherited" in row and "Public" not in row
    assert not client.get(catalogue, {"classification": "public"}).context["rows"]
    rest = caller(cast.alice)
    for path in ("datasets?q=slices", f"datasets/{slices.uid}/versions"):
        (found,) = rest.get(path).json()["results"]
        told = found["classification"], found["effective_classification"]
        assert told == ("public", "restricted")
    assert rest.get(f"datasets/{slices.uid}").json()["effective_classification"] == "restricted"


def test_nothing_changes_by_a_get(client, cast):
    version = publish(cast)
    client.force_login(cast.alice)
    for name in ("resource_state", "version_new"):
        assert client.get(reverse(name, args=[SCANS])).status_code == 405
    for name in ("version_approve", "version_withdraw", "file_upload", "file_remove"):
        assert client.get(reverse(name, args=[version.address])).status_code == 405


def test_too_large_is_said_at_the_field_and_leaves_nothing(client, cast, settings):
    settings.UPLOAD_LIMIT = 10
    client.force_login(cast.alice)
    version = versions.open_version(cast.scans, by=cast.alice)
    sent = {"file": SimpleUploadedFile("big.csv", b"x" * 11)}
    answer = client.post(reverse("file_upload", args=[version.address]), sent)
    assert answer.status_code == 422
    assert "Over the limit of 10" in answer.context["upload_form"].errors["file"][0]
    assert not File.objects.exists()
    assert not [p for p in settings.BLOB_ROOT.rglob("*") if p.is_file()]


@pytest.mark.parametrize("path", ["../../etc/passwd", "a//b", "con"])
def test_a_bad_path_is_said_at_the_field(client, cast, path):
    client.force_login(cast.alice)
    version = versions.open_version(cast.scans, by=cast.alice)
    sent = {"file": SimpleUploadedFile("x.csv", b"x"), "path": path}
    answer = client.post(reverse("file_upload", args=[version.address]), sent)
    assert answer.context["upload_form"].errors["path"]


def test_an_upload_needs_the_token_of_the_form(cast):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.alice)
    version = versions.open_version(cast.scans, by=cast.alice)
    sent = {"file": SimpleUploadedFile("x.csv", b"x")}
    answer = strict.post(reverse("file_upload", args=[version.address]), sent)
    assert answer.status_code == 403 and not File.objects.exists()


def test_whoever_may_not_upload_is_refused_before_the_bytes(client, cast):
    version = publish(cast)
    grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice)
    client.force_login(cast.bob)
    answer = client.post(
        reverse("file_upload", args=[version.address]), {"file": SimpleUploadedFile("x", b"x")}
    )
    assert answer.status_code == 403 and b"upload" in answer.content
    assert events("page.open").get().outcome == "denied"


def test_a_card_shows_no_html_of_its_author():
    shown = card.read(
        "---\nkeys: [a, b]\nevil: <script>\nnested: {a: 1}\n---\n# Top\n<script>x</script>"
        "\n\n#### Deep\n\n[x](javascript:alert(1)) ![i](https://example.org/i.png)\n"
    )
    assert shown.facts == [("Keys", "a, b"), ("Evil", "<script>")]
    assert "<script" not in shown.html and "<img" not in shown.html
    assert 'href="javascript' not in shown.html
    assert "<h3>Top</h3>" in shown.html and "<h4>Deep</h4>" in shown.html


@pytest.mark.parametrize("text", ["---\n: : [\n---\nx", "---\n- a\n---\nx", "---\nno end", ""])
def test_a_broken_front_matter_is_no_error(text):
    assert card.read(text).facts == []


def test_what_an_edit_misses_is_said_at_its_field(client, cast):
    publish(cast)
    client.force_login(cast.alice)
    sent = {"name": "CT", "classification": "restricted", "categories": ["health"]}
    answer = client.post(reverse("resource_edit", args=[SCANS]), sent)
    assert answer.status_code == 422
    assert {"lawful_basis", "special_basis"} <= set(answer.context["form"].errors)
    assets.edit(cast.scans, name="CT", by=cast.alice)
