"""Projects, datasets, models and versions over REST; and what Charlie gets of them: nothing."""

from __future__ import annotations

import pytest

from audit.models import Event
from registry.actions import assets, files, states, versions
from registry.models import Asset, Version
from tests.cast import SCANS
from tests.rest import Caller, caller, refused


@pytest.fixture
def alice(cast) -> Caller:
    return caller(cast.alice)


@pytest.fixture
def charlie(cast) -> Caller:
    return caller(cast.charlie)


@pytest.fixture
def version(cast) -> Version:
    """Of the published dataset, approved, with one file."""
    opened = versions.open_version(Asset.objects.get(pk=cast.scans.pk), by=cast.alice)
    files.upload(opened, "a.csv", [b"x"], by=cast.alice)
    approved: Version = versions.approve(opened, by=cast.alice)
    states.set_state(Asset.objects.get(pk=cast.scans.pk), "published", by=cast.alice)
    return approved


def test_a_project_is_opened_for_somebody_else(cast):
    erin = caller(cast.erin)
    made = erin.post("projects", {"slug": "cardiology", "owner": "alice", "name": "Cardiology"})
    assert made.status_code == 201, made.content
    assert made["Location"].endswith(f"/api/v1/projects/{made.json()['uid']}")
    assert erin.client.get(made["Location"], headers=erin.signed({})).json() == made.json()
    refused(erin.post("projects", {"slug": "cardiology", "owner": "alice"}), 409, "slug")
    refused(erin.post("projects", {"slug": "x", "owner": "erin"}), 422, "owner")
    refused(erin.post("projects", {"slug": "not a slug", "owner": "alice"}), 422, "slug")
    refused(erin.post("projects", {"slug": "new", "owner": "alice"}), 422, "slug")
    refused(caller(cast.alice).post("projects", {"slug": "y", "owner": "bob"}), 403)


def test_a_project_is_edited_and_retired(cast, alice):
    path = f"projects/{cast.oncology.uid}"
    changed = alice.patch(path, {"description": "Tumours"}).json()
    assert (changed["name"], changed["description"]) == ("Oncology", "Tumours")
    assert caller(cast.erin).post(f"{path}/state", {"state": "retired"}).status_code == 200
    refused(alice.post(f"{path}/state", {"state": "active"}), 403)


def test_a_dataset_from_draft_to_withdrawn(cast, alice):
    facts = {"project": "oncology", "slug": "mri", **SCANS, "card": "# MRI", "tags": ["mri"]}
    made = alice.post("datasets", facts)
    assert made.status_code == 201, made.content
    dataset = made.json()
    assert (dataset["state"], dataset["address"]) == ("draft", "oncology/mri")
    path = f"datasets/{dataset['uid']}"
    assert alice.get(path).json()["card"] == "# MRI"
    assert alice.patch(path, {"licence": "CC-BY-4.0"}).json()["licence"] == "CC-BY-4.0"
    for state in ("published", "deprecated", "withdrawn"):
        moved = alice.post(f"{path}/state", {"state": state, "reason": "test"})
        assert moved.json()["state"] == state
    refused(alice.post(f"{path}/state", {"state": "draft"}), 409, "state")
    refused(alice.post(f"{path}/state", {"state": "gone"}), 422, "state")
    refused(alice.post("datasets", facts), 409, "slug")


def test_a_model_has_a_framework(alice):
    facts = {"project": "oncology", "slug": "detector", "framework": "onnx", "task": "detection"}
    made = alice.post("models", facts).json()
    assert (made["kind"], made["framework"], made["task"]) == ("model", "onnx", "detection")
    refused(alice.get(f"datasets/{made['uid']}"), 404)
    refused(alice.post("datasets", {**facts, "slug": "d"}), 422, "framework")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"project": "nowhere"}, "project"),
        ({"project": ""}, "project"),
        ({"classification": "secret"}, "classification"),
        ({"categories": ["health", "wealth"]}, "categories.1"),
        ({"permitted_purposes": ["fun"]}, "permitted_purposes.0"),
        ({"tags": ["not a tag"]}, "tags.0"),
        ({"slug": ""}, "slug"),
        ({"slug": None}, "slug"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": ["x"]}, "name"),
        ({"owner": "alice"}, "owner"),
    ],
)
def test_what_is_wrong_is_named(alice, wrong, field):
    facts = {"project": "oncology", "slug": "mri", **wrong}
    refused(alice.post("datasets", facts), 422, field)


def test_personal_data_needs_a_basis_before_it_is_published(alice):
    facts = {"project": "oncology", "slug": "mri", "categories": ["personal"]}
    path = f"datasets/{alice.post('datasets', facts).json()['uid']}/state"
    told = refused(alice.post(path, {"state": "published"}), 422)
    assert set(told["errors"]) == {"lawful_basis", "permitted_purposes"}


def test_the_catalogue_is_searched(cast, alice, version):
    assert [row["address"] for row in alice.list("datasets?q=ct chest")] == ["oncology/ct-scans"]
    assert alice.list("datasets?q=nothing-like-it") == []
    assert len(alice.list("datasets?path=oncology/ct-scans")) == 1
    assert alice.list("datasets?path=oncology") == []
    assert len(alice.list("datasets?project=oncology")) == 1
    assert len(alice.list("projects?q=onco")) == 1
    assert [row["address"] for row in alice.list("versions?path=oncology/ct-scans@v1")] == [
        "oncology/ct-scans@v1"
    ]


def test_who_may_only_discover_sees_no_card(cast, version):
    """Bob is a member through his group: he finds it, and reads nothing of it."""
    assets.edit(Asset.objects.get(pk=cast.scans.pk), card="for readers", by=cast.alice)
    bob = caller(cast.bob)
    shown = bob.get(f"datasets/{cast.scans.uid}").json()
    assert (shown["name"], shown["card"], shown["source"]) == ("CT scans", None, None)
    assert bob.list(f"datasets/{cast.scans.uid}/versions") == []
    refused(bob.get(f"versions/{version.uid}"), 404)


def test_versions_are_opened_approved_and_withdrawn(cast, alice):
    made = alice.post(f"datasets/{cast.scans.uid}/versions", {"notes": "first"})
    assert (made.status_code, made.json()["state"]) == (201, "pending")
    path = f"versions/{made.json()['uid']}"
    assert made["Location"].endswith(path)
    refused(alice.post(f"{path}/approve"), 422)
    assert alice.put(f"{path}/files/a.csv", b"x").status_code == 201
    approved = alice.post(f"{path}/approve").json()
    assert (approved["state"], len(approved["revision"])) == ("approved", 40)
    refused(alice.post(f"{path}/approve"), 409)
    refused(alice.put(f"{path}/files/b.csv", b"x"), 409)
    refused(alice.delete(f"{path}/files/a.csv"), 409)
    refused(alice.post(f"{path}/withdraw"), 422, "reason")
    withdrawn = alice.post(f"{path}/withdraw", {"reason": "wrong patients"})
    assert withdrawn.json()["state"] == "withdrawn"
    refused(alice.get(f"{path}/files/a.csv"), 403)


def test_lineage(cast, alice, version):
    model = alice.post("models", {"project": "oncology", "slug": "detector"}).json()
    child = alice.post(f"models/{model['uid']}/versions").json()
    edge = {"parent": version.address, "relation": "trained_on"}
    made = alice.post(f"versions/{child['uid']}/lineage", edge)
    assert (made.status_code, made.json()["parent"]) == (201, version.address)
    assert alice.get(f"versions/{child['uid']}/lineage").json()["made_from"] == [made.json()]
    assert alice.get(f"versions/{version.uid}/lineage").json()["used_by"] == [made.json()]
    back = {"parent": child["address"], "relation": "derived_from"}
    refused(alice.post(f"versions/{version.uid}/lineage", back), 422, "parent")
    refused(alice.post(f"versions/{child['uid']}/lineage", {**edge, "parent": "nope"}), 422)
    other = {**edge, "parent": "oncology/ct-scans"}
    refused(alice.post(f"versions/{child['uid']}/lineage", other), 422, "parent")


# --- Charlie, who has no grant


def addresses(cast, version) -> list[str]:
    scans, oncology = cast.scans.uid, cast.oncology.uid
    return [
        f"projects/{oncology}",
        f"datasets/{scans}",
        f"datasets/{scans}/versions",
        f"versions/{version.uid}",
        f"versions/{version.uid}/files",
        f"versions/{version.uid}/files/a.csv",
        f"versions/{version.uid}/files/not-there.csv",
        f"versions/{version.uid}/lineage",
    ]


def test_charlie_by_id(cast, charlie, version):
    """What is hidden and what does not exist read the same; that it was tried is in the trail."""
    absent = refused(charlie.get("datasets/00000000-0000-4000-8000-000000000000"), 404)
    for path in addresses(cast, version):
        told = refused(charlie.get(path), 404)
        assert {**told, "request_id": ""} == {**absent, "request_id": ""}
    tried = Event.objects.filter(actor=cast.charlie, verb="resource.find", outcome="denied")
    assert tried.exists()


def test_charlie_writes_nowhere(cast, charlie, version):
    before = Event.objects.filter(kind="change").count()
    scans = cast.scans.uid
    attempts = [
        charlie.patch(f"datasets/{scans}", {"name": "mine"}),
        charlie.post(f"datasets/{scans}/state", {"state": "withdrawn"}),
        charlie.post(f"datasets/{scans}/versions", {}),
        charlie.post(f"datasets/{scans}/hand-over", {"owner": "charlie"}),
        charlie.patch(f"projects/{cast.oncology.uid}", {"name": "mine"}),
        charlie.put(f"versions/{version.uid}/files/b.csv", b"x"),
        charlie.delete(f"versions/{version.uid}/files/a.csv"),
        charlie.post(f"versions/{version.uid}/approve"),
    ]
    assert [answer.status_code for answer in attempts] == [404] * len(attempts)
    refused(charlie.post("datasets", {"project": "oncology", "slug": "x"}), 422, "project")
    refused(charlie.post("projects", {"slug": "x", "owner": "alice"}), 422, "owner")
    assert Event.objects.filter(kind="change").count() == before


def test_charlie_by_search_and_look_up(charlie, version):
    for noun in ("projects", "datasets", "models", "versions"):
        for query in ("", "?q=ct", "?path=oncology/ct-scans", "?path=oncology", "?limit=1"):
            if query != "?q=ct" or noun != "versions":
                assert charlie.get(f"{noun}{query}").json() == {"results": [], "next": None}


def test_charlie_with_the_cursor_of_another(cast, alice, charlie, version):
    for slug in ("a", "b"):
        assets.register(cast.oncology, "dataset", slug=slug, by=cast.alice)
    cursor = alice.get("datasets?limit=1").json()["next"]
    assert charlie.get(f"datasets?limit=1&cursor={cursor}").json()["results"] == []


def test_a_key_narrows_what_its_owner_sees(cast, alice, version):
    """Scopes cut lists and single rows alike."""
    narrow = caller(cast.alice, "discover")
    assert len(narrow.list("datasets")) == 1
    assert narrow.list("versions") == []
    refused(narrow.get(f"versions/{version.uid}"), 404)
    refused(narrow.patch(f"datasets/{cast.scans.uid}", {"name": "x"}), 403)
