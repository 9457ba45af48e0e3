"""AuthZEN: who may ask about whom, what properties are worth, what an attacker sends."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actions import grants, keys, people
from accounts.decision import site
from accounts.models import Grant, User
from audit import trail
from audit.models import Event
from gateway import wire
from gateway.actions import aliases, properties
from gateway.models import DecisionCount, Fact
from registry.actions import projects, states
from tests.acting import rename
from tests.cast import role
from tests.gateway.conftest import Program, asks, program
from tests.gateway.test_certification import MANDATED, READING

pytestmark = pytest.mark.usefixtures("loaded")

SCANS = {"type": "dataset", "id": "oncology/ct-scans"}


def about(subject: str, action: str, resource: dict[str, str] = SCANS, **more: Any) -> Any:
    kind = "service" if subject == "scoring" else "user"
    return {
        "subject": {"type": kind, "id": subject},
        "action": {"name": action},
        "resource": resource,
        **more,
    }


def reason(answer: dict[str, Any]) -> str:
    assert answer["decision"] is False
    return str(answer["context"]["reason"])


@pytest.fixture
def scans(records):
    return states.set_state(records.scans, "published", by=records.alice)


# --- our own words


def test_our_own_types_and_actions(pep, cast, scans):
    assert pep.decides(about("alice", "download"))
    assert reason(pep.ask("evaluation", about("bob", "download"))) == "no_grant"
    uid = {"type": "dataset", "id": str(scans.uid)}
    assert pep.decides(about("alice", "download", uid))
    assert pep.decides(about(str(cast.alice.pk), "download"))
    found = pep.ask("evaluation", about("alice", "download"))["context"]
    assert found["role"] == "steward"
    assert Grant.objects.get(pk=found["grant"]).user == cast.alice


def test_a_uuid_is_never_a_user_name(pep, cast, scans):
    """Whoever has come to be called by Alice's uuid gets nothing of hers, nor she of theirs."""
    for name in (str(cast.alice.pk), cast.alice.pk.hex, str(cast.alice.pk).upper()):
        rename(cast.charlie, name, by=cast.erin)
        context = pep.ask("evaluation", about(name, "download"))["context"]
        assert (context["reason"], context["role"]) == ("allowed", "steward")


def test_a_stated_purpose_counts(pep, cast, scans):
    def told(purpose: Any) -> dict[str, Any]:
        asked = about("alice", "download", context={"purpose": purpose})
        answer: dict[str, Any] = pep.ask("evaluation", asked)
        return answer

    assert told("research")["context"]["purpose"] == "research"
    assert reason(told("analytics")) == "purpose_not_permitted"
    for junk in ("world domination", 7, ["research"], {"a": 1}, None, "\x00"):
        assert reason(told(junk)) == "purpose_unknown"


UNKNOWN = [
    (about("nobody", "read"), "subject_unknown"),
    (about("system", "read"), "subject_unknown"),
    (READING | {"subject": {"type": "service", "id": "alice"}}, "subject_unknown"),
    (READING | {"subject": {"type": "group", "id": "researchers"}}, "subject_unknown"),
    (READING | {"subject": {"type": "user", "id": "a\x00"}}, "subject_unknown"),
    (READING | {"subject": {"type": "user", "id": "\ud800"}}, "subject_unknown"),
    (READING | {"subject": {"type": "user", "id": "a" * 5000}}, "subject_unknown"),
    (about("alice", "fly"), "action_unknown"),
    (about("alice", "\x00"), "action_unknown"),
    (about("alice", "read", {"type": "spaceship", "id": "x"}), "resource_unknown"),
    (about("alice", "read", {"type": "root", "id": "/"}), "resource_unknown"),
    (about("alice", "read", {"type": "dataset", "id": "site"}), "resource_unknown"),
    (about("alice", "read", {"type": "dataset", "id": "/"}), "resource_unknown"),
    (about("alice", "read", {"type": "model", "id": "oncology/ct-scans"}), "resource_unknown"),
    (about("alice", "read", {"type": "dataset", "id": "\ud800"}), "resource_unknown"),
    (about("alice", "read", {"type": "dataset", "id": "oncology"}), "resource_unknown"),
    (about("alice", "read", {"type": "record", "id": "../oncology/ct-scans"}), "resource_unknown"),
    (about("alice", "discover", {"type": "record", "id": "record-1"}), "action_unknown"),
]


@pytest.mark.parametrize(("body", "why"), UNKNOWN)
def test_what_is_unknown_is_a_no(pep, scans, body, why):
    assert reason(pep.ask("evaluation", body)) == why


def test_people_who_left(pep, records):
    people.deactivate(records.bob, by=records.erin)
    answer = pep.ask("evaluation", asks("bob", "read", "record-1"))
    assert reason(answer) == "subject_inactive"


# --- who may ask


def test_no_key_no_answer(records):
    for asker in (Program(), Program("nonsense"), Program("gths_" + "0" * 12 + "_" + "0" * 38)):
        for path in ("evaluation", "evaluations", "search/subject", "search/resource"):
            answer = asker.post(path, READING)
            assert answer.status_code == 401
            assert answer["WWW-Authenticate"].startswith("Bearer")
    client = Client()
    client.force_login(records.erin, "accounts.backend.SignInBackend")
    raw = json.dumps(READING)
    answer = client.post("/access/v1/evaluation", raw, content_type="application/json")
    assert answer.status_code == 401


def test_a_key_in_the_address_is_refused(pep):
    answer = pep.client.post(
        f"/access/v1/evaluation?token={pep.secret}", json.dumps(READING), "application/json"
    )
    assert answer.status_code == 400


def test_who_reviews_nothing_asks_about_itself_only(records):
    bob = program(records.bob)
    assert bob.decides(asks("bob", "read", "record-1"))
    assert bob.post("evaluation", READING).status_code == 403
    batch = {"evaluations": [asks("bob", "read", "record-1"), READING]}
    assert bob.post("evaluations", batch).status_code == 403
    assert bob.post("search/subject", READING | {"subject": {"type": "user"}}).status_code == 403
    assert bob.post("search/resource", READING).status_code == 403
    assert bob.post("search/action", READING).status_code == 403
    mine = {"subject": {"type": "user", "id": "bob"}, "resource": READING["resource"]}
    assert bob.ask("search/action", mine)["results"] == [{"name": "read"}]


def test_a_key_without_the_scope_is_no_asker(records):
    end = timezone.now() + timedelta(hours=1)
    pep = User.objects.get(username="pep")
    weak = keys.issue(pep, name="weak", scopes=["discover"], expires_at=end, by=records.dana)
    assert Program(weak.secret).post("evaluation", READING).status_code == 403


def test_its_key_counts_by_whichever_name_and_place_it_asks_about_itself(records, scans):
    grants.give(role("reader"), records.scoring.user, scans, by=records.erin)
    grants.give(role("auditor"), records.scoring.user, site(), by=records.erin)
    narrow = program(records.scoring.user, "review", "discover", keeper=records.alice)
    uid = records.scoring.user.pk
    names = ("scoring", str(uid), str(uid).upper(), uid.hex, f"urn:uuid:{uid}")
    kind = {"type": "service"}
    asked = [about("scoring", "download") | {"subject": kind | {"id": name}} for name in names]
    for one in asked:
        assert reason(narrow.ask("evaluation", one)) == "key_scope"
    for batch in (asked, asked[::-1], [about("alice", "download"), *asked[2:], *asked]):
        answers = narrow.ask("evaluations", {"evaluations": batch})["evaluations"]
        for one, answer in zip(batch, answers, strict=True):
            assert answer["decision"] == (one["subject"]["id"] == "alice")
            assert answer["decision"] or reason(answer) == "key_scope"


def test_a_key_for_one_project_knows_no_other(records, scans):
    """Review here, or a key cut to here, asks about here alone; all else is not there."""
    end = timezone.now() + timedelta(hours=1)
    pep = User.objects.get(username="pep")
    issued = keys.issue(
        pep,
        name="oncology",
        scopes=["review"],
        within=records.oncology,
        expires_at=end,
        by=records.dana,
    )
    cut = Program(issued.secret)
    assert cut.decides(about("alice", "download"))
    hidden = cut.ask("evaluation", READING)
    assert reason(hidden) == "resource_unknown"
    assert "access_request" not in hidden["context"]
    assert hidden["context"]["reason_user"] == {"403": "There is no such resource"}
    who = {"subject": {"type": "user"}, "action": {"name": "read"}}
    assert cut.ask("search/subject", who | {"resource": READING["resource"]})["results"] == []
    what = {"subject": READING["subject"], "action": {"name": "read"}}
    assert cut.ask("search/resource", what | {"resource": {"type": "record"}})["results"] == []
    found = cut.ask("search/resource", what | {"resource": {"type": "dataset"}})["results"]
    assert found == [SCANS]
    which = {"subject": READING["subject"], "resource": READING["resource"]}
    assert cut.ask("search/action", which)["results"] == []


def test_a_steward_asks_about_what_is_theirs(records, scans):
    projects.register(slug="cardio", owner=records.bob, by=records.erin)
    bob = program(records.bob)
    assert bob.decides(about("bob", "read", {"type": "project", "id": "cardio"}))
    assert not bob.decides(about("alice", "read", {"type": "project", "id": "cardio"}))
    assert reason(bob.ask("evaluation", READING)) == "resource_unknown"


def test_nobody_learns_of_what_they_may_not_see(records):
    charlie = program(records.charlie)
    there = charlie.ask("evaluation", about("charlie", "read"))
    nowhere = {"type": "dataset", "id": "oncology/nowhere"}
    not_there = charlie.ask("evaluation", about("charlie", "read", nowhere))
    for answer in (there, not_there):
        del answer["context"]["evaluation_id"]
    assert there == not_there


def test_revoked_and_expired_keys(pep, records):
    assert pep.decides(READING)
    keys.revoke(User.objects.get(username="pep").keys.get(), by=records.dana)
    assert pep.post("evaluation", READING).status_code == 401


def test_a_revoked_review_ends_the_asking(pep, records):
    grants.revoke(Grant.objects.get(user__username="pep"), by=records.erin)
    assert pep.post("evaluation", READING).status_code == 403


# --- properties


def test_properties_count_only_where_a_condition_says_so(pep, scans):
    claims = {"properties": {"role": "admin", "owner": True, "permission": "download"}}
    asked = about("bob", "download") | {"context": {"role": "admin"}}
    for name in ("subject", "resource", "action"):
        asked[name] = asked[name] | claims
    assert reason(pep.ask("evaluation", asked)) == "no_grant"


def test_a_property_never_replaces_a_grant(pep):
    claims = {"role": "admin"}
    asked = asks("bob", "write", "record-1", of=claims, on={"status": "active"})
    assert reason(pep.ask("evaluation", asked)) == "no_grant"


def test_the_mandated_no_is_not_by_name(pep):
    """Rule 5 is about the property: on record-1 too; without it record-2 is open to Alice."""
    archived = asks("alice", "write", "record-1", on={"status": "archived"})
    assert reason(pep.ask("evaluation", archived)) == "condition"
    assert pep.decides(asks("alice", "write", "record-2"))


def test_rule_6_rests_on_what_is_sent_too(pep, records):
    Fact_of_bob = Fact.objects.get(user=records.bob)
    properties.remove_fact(Fact_of_bob, by=records.erin)
    asked, decision = MANDATED[6]
    assert pep.decides(asked) is decision
    for liar in ({"role": "Admin"}, {"role": ["admin"]}, {"role": True}, {"role": None}, {}):
        sent = asked | {"subject": asked["subject"] | {"properties": liar}}
        assert reason(pep.ask("evaluation", sent)) == "condition"


def test_what_is_known_outweighs_what_is_sent(pep, records):
    properties.add_fact(person=records.alice, name="role", value="author", by=records.erin)
    claim = asks("alice", "write", "record-2", of={"role": "admin"}, on={"status": "archived"})
    assert reason(pep.ask("evaluation", claim)) == "condition"


def test_the_subject_itself_cannot_bring_properties(records):
    """Bob asks for himself: his claim that it is a soft delete is worth nothing."""
    bob = program(records.bob)
    asked = asks("bob", "delete", "record-2", by={"soft": True})
    assert reason(bob.ask("evaluation", asked)) == "condition"


def test_types_are_not_guessed(pep):
    for soft in ("true", 1, 1.0, None, [True], {"a": True}):
        assert not pep.decides(asks("alice", "delete", "record-1", by={"soft": soft}))
    assert not pep.decides(asks("alice", "delete", "record-1"))


# --- batches and bodies


def test_the_short_semantics_stop(pep):
    yes, no = READING, asks("bob", "write", "record-1")

    def said(semantic: str, *bodies: Any) -> list[bool]:
        options = {"evaluations_semantic": semantic}
        answer = pep.ask("evaluations", {"evaluations": [*bodies], "options": options})
        return [one["decision"] for one in answer["evaluations"]]

    assert said("execute_all", yes, no, yes) == [True, False, True]
    assert said("deny_on_first_deny", yes, no, yes) == [True, False]
    assert said("permit_on_first_permit", no, yes, yes) == [False, True]
    assert said("deny_on_first_deny", {}, yes) == [False]
    wrong = {"evaluations": [yes], "options": {"evaluations_semantic": "whatever"}}
    assert pep.post("evaluations", wrong).status_code == 400


def test_huge_and_odd_batches(pep):
    too_many: Any = READING | {"evaluations": [{}] * (wire.MAX_BATCH + 1)}
    answer = pep.post("evaluations", too_many)
    assert answer.status_code == 400
    assert str(wire.MAX_BATCH) in answer.content.decode()
    odds: list[Any] = [{}, "x", [1], [[]], [None]]
    for odd in odds:
        assert pep.post("evaluations", READING | {"evaluations": odd}).status_code == 400
    assert pep.post("evaluations", READING | {"subject": "x", "evaluations": [{}]}).status_code == (
        400
    )


def test_huge_deep_and_broken_bodies(pep):
    assert pep.post("evaluation", b" " * (wire.MAX_BODY + 1)).status_code == 413
    deep = b'{"context":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert pep.post("evaluation", deep).status_code == 400
    nested: Any = {}
    for _ in range(30):
        nested = {"a": nested}
    assert pep.post("evaluation", READING | {"context": nested}).status_code == 400
    for raw in (b"[]", b"null", b'"x"', b"\xff", b'{"a":NaN}', b'{"subject":{},"subject":{}}'):
        assert pep.post("evaluation", raw).status_code == 400
    for name in ("subject", "resource", "action"):
        wrong = READING | {name: READING[name] | {"properties": [1]}}
        assert pep.post("evaluation", wrong).status_code == 400
    assert pep.post("evaluation", READING | {"context": "x"}).status_code == 400


def test_only_post(pep):
    for method in ("get", "put", "delete", "patch", "head", "options"):
        answer = getattr(pep.client, method)("/access/v1/evaluation")
        assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_a_request_id_is_echoed_only_if_it_is_one(pep):
    for text in ("a" * 500, "é"):
        assert pep.post("evaluation", READING, **{"X-Request-ID": text})["X-Request-ID"] != text


# --- pages


def test_a_page_token_belongs_to_its_question_and_its_asker(pep, records):
    who = {
        "subject": {"type": "user"},
        "action": {"name": "read"},
        "resource": {"type": "record", "id": "record-1"},
    }
    token = pep.ask("search/subject", who | {"page": {"limit": 1}})["page"]["next_token"]

    def status(body: Any, asker: Program = pep, path: str = "search/subject") -> int:
        return int(asker.post(path, body).status_code)

    assert status(who | {"page": {"token": token, "limit": 1}}) == 200
    assert status(who | {"page": {"token": token, "limit": 2}}) == 400
    changed = who | {"action": {"name": "write"}}
    assert status(changed | {"page": {"token": token}}) == 400
    assert status(who | {"context": {"a": 1}, "page": {"token": token}}) == 400
    assert status(who | {"page": {"token": token}}, program(records.dana)) == 400
    assert status(who | {"page": {"token": token}}, path="search/action") == 400
    for forged in (token[:-1] + "x", "x", "", 7):
        expected = 200 if forged == "" else 400
        assert status(who | {"page": {"token": forged}}) == expected
    for limit in (0, -1, 10_000, "1", True, 1.5):
        assert status(who | {"page": {"limit": limit}}) == 400


# --- aliases


def test_an_alias_gives_our_meaning_to_their_words(pep, records, scans):
    predict = {"resource_type": "mlmodel", "action": "score", "kind": "dataset"}
    alias = aliases.add(**predict, permission="download", by=records.erin)
    asked = about("alice", "score", {"type": "mlmodel", "id": "oncology/ct-scans"})
    assert pep.decides(asked)
    aliases.remove(alias, by=records.erin)
    assert reason(pep.ask("evaluation", asked)) == "resource_unknown"


def test_no_alias_rests_on_what_oversight_holds(records):
    for permission in ("discover", "review", "grant", "manage_policies", "read_trail"):
        with pytest.raises(Exception, match="not a valid choice"):
            aliases.add(
                resource_type="x", action="x", kind="dataset", permission=permission,
                by=records.erin,
            )  # fmt: skip


# --- what is recorded


def test_a_no_is_an_event_and_a_yes_is_counted(pep, records):
    assert pep.decides(READING)
    asked = asks("bob", "write", "record-1")
    answer = pep.ask("evaluation", asked)
    event = Event.objects.get(verb="gateway.evaluate")
    assert (event.actor, event.outcome, event.resource_path) == (
        records.bob,
        "denied",
        "/records/record-1/",
    )
    assert event.data["asked_by"] == "pep"
    assert event.data["reason"] == "no_grant"
    assert event.data["evaluation_id"] == answer["context"]["evaluation_id"]
    assert event.door == "authzen"
    row = DecisionCount.objects.get()
    assert (row.subject, row.permission, row.count) == (records.alice, "read", 1)


def test_junk_can_be_recorded(pep):
    asked = about("alice", "a\x00\ud800", {"type": "\x00", "id": "\ud800" * 400})
    assert reason(pep.ask("evaluation", asked)) == "resource_unknown"
    event = Event.objects.get(verb="gateway.evaluate")
    assert event.data["reason"] == "resource_unknown"
    assert trail.findings() == []


def test_a_yes_about_restricted_data_is_an_event(pep, cast, scans):
    grants.give(role("reader"), cast.bob, scans, by=cast.alice)
    assert pep.decides(about("bob", "download"))
    event = Event.objects.get(verb="gateway.evaluate")
    assert (event.outcome, event.actor, event.data["asked_by"]) == ("ok", cast.bob, "pep")
    assert event.event_class == "data_access"
    assert trail.findings() == []


def test_services_are_subjects_too(pep, cast, scans):
    grants.give(role("reader"), cast.scoring.user, scans, by=cast.erin)
    assert pep.decides(about("scoring", "download"))
    who = {"subject": {"type": "service"}, "action": {"name": "download"}, "resource": SCANS}
    assert pep.ask("search/subject", who)["results"] == [{"type": "service", "id": "scoring"}]
