"""The operator's commands: what they print, what they refuse, what they leave in the trail."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from accounts.actions import grants
from accounts.keys import parse
from accounts.models import ApiKey, ApiKeySecret, Grant, Role, User
from accounts.post import send
from accounts.tasks import compare
from audit import trail
from audit.models import Event
from audit.seal import rounds, status
from governance import generated, health
from tests.cast import Cast

MAILS = Path(settings.BASE_DIR) / "templates" / "emails"


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_a_key_is_printed_alone_and_its_holder_told(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        text = run("issue_key", "bob", "--as", "erin", "--days", "2")
    assert callbacks, "the mail is sent when the change stands"
    token = parse(text.removesuffix("\n"))
    secret = ApiKeySecret.objects.get(kid=token.kid)
    assert secret.key.owner == cast.bob
    assert secret.key.scopes == ["discover", "download", "read"]
    act = Event.objects.filter(verb="key.issue_by_operator", kind="act").latest()
    assert (act.door, act.actor, act.outcome) == ("cli", cast.erin, "ok")
    assert {"os_user", "host"} <= set(act.data["operator"])
    assert token.text not in str(Event.objects.filter(act=act.act).values())


WORDS: dict[str, Any] = dict.fromkeys(
    {
        *("id", "name", "username", "by", "link", "owner", "key", "scopes", "days"),
        *("subject", "role", "resource", "until", "reason", "versions", "permissions"),
        *("requester", "purpose", "justification", "comment", "status"),
    },
    "<b>x</b>",
) | {"site": "https://gatehouse.example.org"}


@pytest.mark.parametrize("template", sorted(p.stem for p in MAILS.glob("*.txt")))
def test_mail_has_a_subject_plain_words_and_a_place_to_go(template: str) -> None:
    send(["bob@example.org"], template, WORDS)
    [message] = mail.outbox
    assert "<b>x</b>" in f"{message.subject}{message.body}", "text is not escaped"
    assert 10 < len(message.subject) < 120
    assert "{" not in message.body
    assert WORDS["site"] in message.body


def test_scopes_can_be_chosen_and_a_service_has_its_own(cast: Cast) -> None:
    run("issue_key", "scoring", "--as", "erin", "--scope", "invoke", "--scope", "read")
    key = ApiKey.objects.latest("created_at")
    assert (key.owner, key.kind, key.scopes) == (cast.scoring.user, "s", ["invoke", "read"])


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["nobody", "--as", "erin"], "nobody active called nobody"),
        (["bob", "--as", "erin", "--days", "0"], "from 1 to"),
        (["bob", "--as", "erin", "--days", "91"], "At most 90 days"),
        (["bob", "--as", "erin", "--scope", "fly"], "Unknown scope fly"),
        (["charlie", "--as", "charlie"], "No grant gives this"),
        (["bob", "--as", "ghost"], "nobody called ghost"),
    ],
)
def test_a_key_that_cannot_be_made(cast: Cast, words: list[str], problem: str) -> None:
    with pytest.raises(CommandError, match=problem):
        run("issue_key", *words)
    assert not ApiKey.objects.exists()


def test_grant_gives_to_people_and_groups_until_a_day(cast: Cast) -> None:
    run("grant", "reader", "bob", "oncology/ct-scans", "--as", "alice", "--days", "30")
    run("grant", "reader", "group:researchers", "oncology", "--as", "alice", "--reason", "all")
    to_bob = Grant.objects.get(user=cast.bob)
    assert to_bob.expires_at is not None
    assert (to_bob.expires_at - to_bob.starts_at).days in (29, 30)
    assert Grant.objects.get(group=cast.researchers, role__slug="reader").reason == "all"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["king", "bob", "oncology"], "no role king. Known: admin, auditor"),
        (["reader", "group:nobody", "oncology"], "Groups: write group:NAME"),
        (["reader", "bob", "cardio"], "no cardio that alice gives access to"),
        (["reader", "bob", "/"], "no / that alice gives access to"),
        (["reader", "alice", "oncology"], "ask a second person"),
    ],
)
def test_a_grant_that_cannot_be_given(cast: Cast, words: list[str], problem: str) -> None:
    before = Grant.objects.count()
    with pytest.raises(CommandError, match=problem):
        run("grant", *words, "--as", "alice")
    assert Grant.objects.count() == before


@pytest.mark.parametrize(
    ("words", "reach"),
    [
        (["--versions", "2-4"], (2, 4, "ask")),
        (["--versions", "3", "--new-versions", "block"], (3, 3, "block")),
        (["--versions", "2-"], (2, None, "inherit")),
    ],
)
def test_a_grant_on_some_versions(cast: Cast, words: list[str], reach: tuple[Any, ...]) -> None:
    run("grant", "reader", "bob", "oncology/ct-scans", "--as", "alice", *words)
    grant = Grant.objects.get(user=cast.bob, role__slug="reader")
    assert (grant.first_version, grant.last_version, grant.new_versions) == reach


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--versions", "4-2"], "ends before it begins"),
        (["--versions", "all"], "is one"),
        (["--new-versions", "ask"], "where the range begins"),
    ],
)
def test_versions_that_make_no_sense(cast: Cast, words: list[str], problem: str) -> None:
    with pytest.raises(CommandError, match=problem):
        run("grant", "reader", "bob", "oncology/ct-scans", "--as", "alice", *words)


def test_explain_prints_the_answer_its_gates_and_its_grants(cast: Cast) -> None:
    grants.give(Role.objects.get(slug="reader"), cast.bob, cast.oncology, by=cast.alice)
    asked = ("explain", "bob", "read", "oncology", "--as", "dana")
    told = run(*asked)
    assert told.startswith("bob may read oncology (allowed)")
    assert "gate subject: passed" in told and "bob holds reader on oncology: gives" in told
    past = run(*asked, "--at", "2020-05-03T10:00Z")
    assert past.startswith("bob may not read oncology (subject_unknown)")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["bob", "read", "oncology/nothing", "--as", "dana"], "nothing that dana may see"),
        (["nobody", "read", "oncology", "--as", "dana"], "no user nobody"),
        (["alice", "read", "oncology", "--as", "bob"], "review"),
        (["alice", "read", "oncology", "--as", "charlie"], "that charlie may see"),
        (["bob", "read", "oncology", "--as", "dana", "--at", "soon"], "--at: Write a day"),
    ],
)
def test_explain_refuses(cast: Cast, words: list[str], problem: str) -> None:
    with pytest.raises(CommandError, match=problem):
        run("explain", *words)


def test_a_second_first_admin_is_refused(cast: Cast) -> None:
    with pytest.raises(CommandError, match="There is an admin already"):
        run("create_admin", "mallory", "mallory@example.org", "--as", "system")
    assert Event.objects.latest().outcome == "failed"


def test_the_first_admin_gets_a_link_that_sets_the_password(cast: Cast, client: Client) -> None:
    """On a site without an admin: here the only one was deactivated and lost the role."""
    give_up_admin(cast)
    link = run("create_admin", "frida", "frida@example.org", "--as", "system").strip()
    frida = User.objects.get(username="frida")
    assert frida.has_perm("accounts.manage_people")
    page = client.get(link.removeprefix("http://127.0.0.1:8000"), follow=True)
    assert page.status_code == 200
    assert b"password" in page.content


def give_up_admin(cast: Cast) -> None:
    for grant in Grant.objects.open().filter(role__slug="admin"):
        grants.revoke(grant, by=cast.erin)


def test_the_trail_verifies_and_looking_is_recorded(cast: Cast) -> None:
    assert "holds together" in run("verify_trail", "--as", "dana")
    assert Event.objects.filter(verb="trail.verify", actor=cast.dana, outcome="ok").exists()


def test_who_may_not_read_the_trail_does_not_verify_it(cast: Cast) -> None:
    with pytest.raises(CommandError) as refused:
        run("verify_trail", "--as", "bob")
    assert refused.value.returncode == 3
    assert Event.objects.filter(verb="trail.verify", actor=cast.bob, outcome="denied").exists()


CHANGE = """insert into audit_event (kind, event_class, act, verb, outcome, actor_id, actor_repr,
  on_behalf_of, key, object_pk, object_repr, action, resource_path, decision, purpose, door, agent,
  message, data) select %s, event_class, coalesce(%s, act), verb, outcome, actor_id, actor_repr, '',
  '', '', 'forged', 1, %s, %s, '', 'cli', '', '', '{}' from audit_event
  where kind = 'act' and verb = 'asset.register' limit 1"""
NOBODYS = CHANGE.replace("coalesce(%s, act)", "null::uuid")
OTHER = "019f0000-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("kind", "act", "path", "decision", "problem"),
    [
        ("change", OTHER, "/oncology/", "[]", "no act that made it"),
        ("change", None, "/cardio/", "[]", "no decision of its act was about"),
        ("act", OTHER, "/oncology/", "[]", "no decision that allowed it"),
        ("act", None, "/oncology/", '[{"path": "/"}]', "another event claims the same act"),
        ("changed", None, "/oncology/", "[]", "neither an act nor a change"),
        ("change", None, "", "[]", "says of no place"),
        ("change", None, "/oncology/", "[]", "not written with its act"),
    ],
)
def test_a_forged_line_is_found(
    cast: Cast, kind: str, act: str | None, path: str, decision: str, problem: str
) -> None:
    """As far as it can be without a seal: what does not fit its neighbours."""
    with connection.cursor() as cursor:
        cursor.execute(CHANGE, [kind, act, path, decision])
    require_named(problem)


def test_a_forged_act_without_its_number_is_found(cast: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute(NOBODYS, ["act", "/oncology/", '[{"path": "/"}]'])
    require_named("no number that a change could name")


def require_named(problem: str) -> None:
    found = [finding for finding in trail.findings() if problem in finding.problem]
    assert [finding.about for finding in found] == ["forged"]
    with pytest.raises(CommandError, match=r"The first: .*forged") as failed:
        run("verify_trail", "--as", "dana")
    assert failed.value.returncode == 1


def test_the_doctor_names_what_failed(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CHECKS", {"one": lambda: health.ok("well"), "two": broken})
    out = StringIO()
    with pytest.raises(CommandError, match="Failed: two"):
        call_command("doctor", "--as", "erin", stdout=out)
    assert "one         OK    well" in out.getvalue()
    assert "two         FAIL  no such thing" in out.getvalue()


def broken() -> health.Answer:
    raise OSError("no such thing")


@pytest.mark.parametrize("name", ["database", "roles", "partitions", "redis", "blobs", "trail"])
def test_the_doctor_finds_a_sound_installation(cast: Cast, name: str) -> None:
    assert health.CHECKS[name]().status == "OK"


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cast's events are as old as the run of the tests."""
    monkeypatch.setattr(status, "LATE", timedelta(days=1))


@pytest.mark.usefixtures("patient")
def test_the_doctor_looks_at_the_proof(cast: Cast, settings: Any, monkeypatch: Any) -> None:
    found = [health.CHECKS[name]().status for name in ("anchors", "verified")]
    assert found == ["FAIL", "WARN"], "nobody sealed yet"
    with monkeypatch.context() as patch:
        patch.setattr(status, "LATE", timedelta(0))
        assert "an event waits for" in health.sealing().found
    rounds.once()
    run("verify_trail", "--as", "dana")
    rounds.once()
    assert all(health.CHECKS[n]().status == "OK" for n in ("sealing", "anchors", "verified"))
    settings.PRODUCTION = True
    assert health.anchored() == health.warn(
        "checkpoints are kept on this machine only", health.anchored().fix
    )
    settings.SEAL_ANCHORS = ["syslog:///nowhere"]
    assert "has reached syslog:// lately" in health.anchored().found
    monkeypatch.setattr(health, "UNVERIFIED", timedelta(0))
    assert health.verified().status == "WARN"


def test_the_doctor_tells_of_rows_that_drifted(transactional_db: None, owner: Any) -> None:
    assert health.rows().status == "WARN", "nobody compared yet"
    assert compare() == 0
    assert health.rows().status == "OK"
    owner.execute(
        "delete from accounts_userpermission where user_id ="
        " (select id from accounts_user where username = 'alice')"
    )
    owner.commit()
    assert compare() > 0
    assert health.rows().status == "FAIL"


def test_the_doctor_misses_a_partition_sixty_days_ahead(monkeypatch: Any, db: None) -> None:
    assert health.partitions().status == "OK"
    monkeypatch.setattr(status, "AHEAD", 400)
    assert health.partitions().status == "FAIL"


@pytest.mark.usefixtures("patient")
def test_readiness_tells_of_the_proof_and_stays_ready(cast: Cast, client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["trail"]["anchored"] is False
    rounds.once()
    assert client.get("/readyz").json()["trail"] == {
        "sealed": True,
        "anchored": True,
        "verified": False,
        "partitions": True,
    }


def test_the_doctor_is_for_those_who_keep_the_site(cast: Cast) -> None:
    with pytest.raises(CommandError, match="needs manage_policies"):
        run("doctor", "--as", "bob")


def test_generated_pages_tell_when_they_are_stale(monkeypatch: Any, tmp_path: Any) -> None:
    monkeypatch.setattr(generated, "place", lambda name: tmp_path / name)
    with pytest.raises(CommandError, match=r"docs/states\.md"):
        run("docs", "--check")
    run("docs")
    assert "up to date" in run("docs", "--check")
    (tmp_path / "docs/permissions.md").write_text("# something else")
    with pytest.raises(CommandError, match=r"Out of date: docs/permissions\.md\."):
        run("docs", "--check")
