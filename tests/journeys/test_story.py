"""The story, told through the pages and told over REST: same state, same trail.

Alice registers a dataset of health data and uploads a version. Bob finds it, may not read it,
asks; Alice and Petra approve; Bob downloads. `scoring` fetches a short-lived key and downloads
too. Erin revokes Bob's grant: the next request is refused. Dana asks who did what.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.actions import keys
from accounts.models import Grant
from audit.models import Event
from tests.cast import gathered, role
from tests.journeys.client import Caller

pytestmark = pytest.mark.django_db(transaction=True)

BYTES = b"patient,finding\n1,nodule\n2,none\n"
ADDRESS = "oncology/chest-ct"
FACTS: dict[str, Any] = {
    "name": "Chest CT",
    "classification": "restricted",
    "categories": ["personal", "health"],
    "lawful_basis": "6.1.e",
    "special_basis": "9.2.j",
    "permitted_purposes": ["model_training"],
}
SCOPES = ("discover", "read", "download")
# What happened to the dataset, by whom, with which outcome: however it was told.
TRAIL = [
    ("asset.register", "alice", "ok"),
    ("version.open", "alice", "ok"),
    ("file.upload", "alice", "ok"),
    ("version.approve", "alice", "ok"),
    ("resource.set_state", "alice", "ok"),
    ("access_request.submit", "bob", "ok"),
    ("access_request.approve", "alice", "ok"),
    ("access_request.approve", "petra", "ok"),
    ("file.download", "bob", "ok"),
    ("grant.open", "erin", "ok"),
    ("file.download", "scoring", "ok"),
    ("grant.revoke", "erin", "ok"),
]


def key(person: str, *scopes: str) -> str:
    """From the console of the host, as an operator would."""
    out = StringIO()
    options = [part for scope in scopes for part in ("--scope", scope)]
    call_command("issue_key", person, "--as", "erin", "--days", "1", *options, stdout=out)
    return out.getvalue().strip()


def acts_on_the_dataset() -> list[tuple[str, str, str]]:
    acts = Event.objects.filter(kind="act", outcome="ok", resource_path__startswith="/oncology/")
    seen = acts.exclude(verb__startswith="trail.").order_by("id")
    told = [(e.verb, e.actor_repr, e.outcome) for e in seen]
    return told[-len(TRAIL) :]


def telling_by_rest(site: str) -> None:
    """Alice's, Bob's and Petra's part, with keys."""
    alice = Caller(
        site, key("alice", *SCOPES, "edit", "upload", "grant", "approve_version", "decide_request")
    )
    bob = Caller(site, key("bob", *SCOPES))
    petra = Caller(site, key("petra", "discover", "read", "decide_request"))

    project = alice.get("projects?path=oncology").json["results"][0]
    made = alice.post("datasets", {"project": project["address"], "slug": "chest-ct", **FACTS})
    assert made.status == 201, made.body
    dataset = made.json["uid"]
    version = alice.post(f"datasets/{dataset}/versions", {"notes": "first"}).json["uid"]
    assert alice.put(f"versions/{version}/files/findings.csv", BYTES).status == 201
    assert alice.post(f"versions/{version}/approve").status == 200
    assert alice.post(f"datasets/{dataset}/state", {"state": "published"}).status == 200

    assert bob.get("datasets?q=chest").json["results"][0]["address"] == ADDRESS
    assert bob.get(f"versions/{version}").status == 404
    ask = {
        "resource": ADDRESS,
        "role": "reader",
        "purpose": "model_training",
        "days": 30,
        "justification": "Train the nodule detector",
    }
    asked = bob.post("requests", ask)
    assert asked.status == 201, asked.body
    request = asked.json["id"]
    assert bob.post(f"requests/{request}/approve").status == 403
    assert alice.post(f"requests/{request}/approve").json["status"] == "pending"
    assert bob.get(f"versions/{version}").status == 404  # nothing before the last approval
    assert petra.post(f"requests/{request}/approve").json["status"] == "approved"


def telling_by_page(page, site: str, signed_in) -> None:
    """The same, in a browser: forms for Alice and Bob, one key each for the two approvals."""
    cast = gathered()
    signed_in(page, cast.alice)
    register_by_page(page, site)
    signed_in(page, cast.bob)
    page.goto(f"{site}/catalogue/?q=chest")
    page.get_by_role("link", name="Request access").click()
    page.get_by_label("Purpose").select_option("model_training")
    page.get_by_label("Why you need it").fill("Train the nodule detector")
    page.get_by_role("button", name="Send the request").click()
    page.get_by_text("Waits for Alice").wait_for()
    page.goto(f"{site}/catalogue/{ADDRESS}@v1/?tab=versions")
    page.get_by_text("Files are for those with a grant").wait_for()
    for person in (cast.alice, cast.petra):
        signed_in(page, person)
        page.goto(f"{site}/inbox/")
        page.get_by_role("button", name="Approve").wait_for()
        page.keyboard.press("a")
        page.get_by_role("heading", name="Nothing waits for you").wait_for()


def register_by_page(page, site: str) -> None:
    page.goto(f"{site}/catalogue/oncology/new/dataset/")
    page.get_by_label("Short name").fill("chest-ct")
    page.get_by_label("Name", exact=True).fill("Chest CT")
    page.locator("[name=classification]").select_option("restricted")
    for name in ("categories", "permitted_purposes"):
        for value in FACTS[name]:
            page.locator(f"[name={name}][value={value}]").check()
    for name in ("lawful_basis", "special_basis"):
        page.locator(f"[name={name}]").select_option(FACTS[name])
    page.get_by_role("button", name="Register as a draft").click()
    page.get_by_role("heading", name="Chest CT", level=1).wait_for()
    page.get_by_role("link", name="Versions", exact=True).click()
    page.get_by_role("button", name="Open a version").click()
    file = {"name": "findings.csv", "mimeType": "text/csv", "buffer": BYTES}
    page.locator("#id_file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("rowheader", name="findings.csv").wait_for()
    page.locator("summary", has_text="Approve").click()
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("is approved and frozen").wait_for()
    page.goto(f"{site}/catalogue/{ADDRESS}/")
    page.locator("summary", has_text="Publish").click()
    page.get_by_role("button", name="Publish").click()
    page.get_by_text("is published now").wait_for()


def the_common_end(site: str) -> None:
    """Bob downloads, the service fetches its key and downloads, Erin revokes, Dana asks."""
    cast = gathered()
    bob = Caller(site, key("bob", *SCOPES))
    versions = bob.get(f"versions?path={ADDRESS}@v1").json["results"]
    address = f"versions/{versions[0]['uid']}/files/findings.csv"
    part = bob.get(address, Range="bytes=8-14")
    assert (part.status, part.body) == (206, BYTES[8:15])

    call_command(
        "grant", "reader", "scoring", ADDRESS, "--as", "erin", "--days", "7", stdout=StringIO()
    )
    secret = client_secret(cast)
    assert Caller(site, secret).get("whoami").status == 401  # a client secret is no key
    basic = base64.b64encode(f"scoring:{secret}".encode()).decode()
    form = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
    token = Caller(site).call("POST", "oauth/token", b"grant_type=client_credentials", form).json
    assert token["expires_in"] <= 900
    scoring = Caller(site, token["access_token"])
    whole = scoring.get(address)
    assert (whole.status, whole.body) == (200, BYTES)

    erin = Caller(site, key("erin", "grant", "discover"))
    held = Grant.objects.get(user=cast.bob, role=role("reader"))
    assert erin.post(f"grants/{held.pk}/revoke", {"reason": "project ended"}).status == 200
    assert bob.get(address).status == 404

    dana = Caller(site, key("dana", "read_trail"))
    trail = dana.get(f"trail?resource={ADDRESS}&verb=file.download").json["results"]
    assert [e["actor"] for e in trail if e["outcome"] == "ok"] == ["scoring", "bob"]
    assert trail[-1]["decision"][0]["grant"] == str(held.pk)
    assert trail[-1]["purpose"] == "model_training"


def client_secret(cast) -> str:
    """Alice answers for the service: she makes its client secret."""
    until = timezone.now() + timedelta(days=30)
    issued = keys.issue(
        cast.scoring.user,
        name="scoring job",
        scopes=list(SCOPES),
        expires_at=until,
        kind="c",
        by=cast.alice,
    )
    return issued.secret


def test_told_over_rest(live_server):
    telling_by_rest(live_server.url)
    the_common_end(live_server.url)
    assert acts_on_the_dataset() == TRAIL


def test_told_on_pages(live_server, page, signed_in):
    telling_by_page(page, live_server.url, signed_in)
    the_common_end(live_server.url)
    assert acts_on_the_dataset() == TRAIL
