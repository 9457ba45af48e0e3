"""The trail in other shapes: valid, safe to open, of what is theirs, and recorded."""

from __future__ import annotations

import csv
import gc
import hashlib
import io
import json
import re
import tracemalloc
from datetime import timedelta
from io import StringIO

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from accounts.actions import grants, groups, keys, people
from accounts.models import Grant
from audit import queries
from audit.actions import exports
from audit.acts import ACTIONS
from audit.context import Origin, entered
from audit.exports import progress, stream
from audit.exports.formats import FORMATS as FORMATS_KNOWN
from audit.exports.ocsf import CATEGORIES, ocsf
from audit.exports.record import records
from audit.models import Event, Export, insert
from audit.search import Search
from audit.tasks import discard_exports, write_export
from tests.attempts import ATTEMPTS, gather
from tests.cast import role
from tests.rest import Caller, caller, refused

FORMATS = [one for one in Export.Format.values if one != "proof"]  # has nothing of the unsealed


@pytest.fixture(autouse=True)
def _exports(settings, tmp_path):
    settings.EXPORT_ROOT = tmp_path / "exports"


@pytest.fixture
def world(cast):
    """Every action once, by somebody who is refused, beside all that built the cast."""
    found = gather(cast)
    with entered(Origin(door="rest", address="2001:db8::7", agent="x", key="k1")):
        for attempt in ATTEMPTS.values():
            with pytest.raises(PermissionDenied):
                attempt(found, cast.charlie)
        grants.revoke(found.grant, by=cast.alice)
        people.deactivate(cast.charlie, by=cast.erin)
    return found


def text(user, query, form, before=None) -> str:
    found = stream.of(user, Search.of(query), form, before or timezone.now())
    return b"".join(found).decode()


def everything(user):
    return records(queries.events(user))


# --- OCSF


SCHEMA = OcsfJsonSchemaEmbedded(get_ocsf_schema("1.8.0"))
CAPTIONS = get_ocsf_schema("1.8.0")["classes"]


def invalid(event) -> list[str]:
    """By schema, and by the three rules that a schema cannot say."""
    name = SCHEMA.lookup_class_name_from_uid(event["class_uid"])
    schema = SCHEMA.get_class_schema(name, profiles=[])
    found = [e.message for e in Draft202012Validator(schema).iter_errors(event)]
    if event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
        found.append("type_uid is not made of class and activity")
    if event["category_uid"] != event["class_uid"] // 1000:
        found.append("category_uid is not that of the class")
    attributes = CAPTIONS[name]["attributes"]
    for field in ("activity_id", "severity_id", "status_id"):
        sibling = attributes[field]["sibling"]
        if event[sibling] != attributes[field]["enum"][str(event[field])]["caption"]:
            found.append(f"{sibling} does not say what {field} does")
    if event["class_name"] != CAPTIONS[name]["caption"]:
        found.append("class_name is another class's")
    if event["category_name"] != CATEGORIES.get(event["category_uid"]):
        found.append("category_name is another category's")
    return found


def test_every_verb_is_valid_ocsf(cast, world):
    events = everything(cast.dana)
    tried = {verb for verb in ACTIONS if not verb.startswith("test.")}
    assert len(tried & {event["verb"] for event in events}) > 45
    broken = {e["verb"]: found for e in events if (found := invalid(ocsf(e)))}
    assert broken == {}
    assert {3001, 3002, 3004, 3005, 3006, 6003} >= {ocsf(e)["class_uid"] for e in events}


MUTANTS = {
    "unknown field": lambda e: e.update(surprise=1),
    "nested unknown field": lambda e: e["metadata"].update(surprise=1),
    "wrong type": lambda e: e.update(type_uid=e["type_uid"] + 1),
    "wrong category": lambda e: e.update(category_uid=4),
    "wrong caption": lambda e: e.update(activity_name="Delete"),
    "no time": lambda e: e.pop("time"),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_validation_can_fail(cast, mutant):
    event = ocsf(everything(cast.dana)[0])
    assert invalid(event) == []
    MUTANTS[mutant](event)
    assert invalid(event)


def test_a_grant_says_whose_privileges(cast):
    grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice)
    (event,) = records(queries.events(cast.dana, Search.of("verb:grant.open actor:alice"))[:1])
    found = ocsf(event)
    assert (found["class_uid"], found["activity_id"]) == (3005, 1)
    assert (found["user"], found["privileges"]) == ({"name": "bob"}, ["reader"])
    assert found["actor"]["user"]["name"] == "alice"
    assert found["actor"]["authorizations"][0]["decision"] == "ALLOW"


# --- the other formats


def test_json_lines_hold_the_changes(cast):
    grants.give(role("reader"), cast.bob, cast.scans, reason="asked", by=cast.alice)
    (line,) = text(cast.dana, "verb:grant.open asked", "jsonl").splitlines()
    event = json.loads(line)
    assert event["actor"] == "alice" and event["decision"][0]["permission"] == "grant"
    assert event["changes"][0]["fields"]["reason"] == ["", "asked"] or any(
        change["fields"].get("reason", [None, None])[1] == "asked" for change in event["changes"]
    )


def test_no_cell_is_a_formula(cast):
    for number, name in enumerate(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]):
        Event.objects.create(kind="act", verb="test.x", message=name, actor_repr=f"=a{number}")
    rows = list(csv.DictReader(io.StringIO(text(cast.dana, "verb:test.x", "csv"), newline="")))
    assert len(rows) == 6
    assert all(row["message"].startswith("'") and row["actor"].startswith("'=") for row in rows)


def test_cef_cannot_be_forged_by_what_people_type(cast):
    Event.objects.create(
        kind="act",
        verb="test.x",
        event_class="management",
        message="a|b\\c\nCEF:0|x",
        object_repr="x=1 act=evil\r\ny",
        remote_addr="192.0.2.7",
    )
    (line,) = text(cast.dana, "verb:test.x", "cef").split("\n")[:-1]
    head = re.split(r"(?<!\\)\|", line)
    assert head[:5] == ["CEF:0", "Gatehouse", "Gatehouse", "0.1.0", "test.x"]
    assert len(head) == 8 and "src=192.0.2.7" in head[7]
    assert r"fname=x\=1 act\=evil\r\ny" in head[7]


def test_ecs_has_what_rules_read(cast, world):
    for event in map(json.loads, text(cast.dana, "", "ecs").splitlines()):
        assert {"@timestamp", "ecs", "event", "user"} <= set(event)
        assert event["event"]["kind"] == "event"
        assert event["event"]["outcome"] in ("success", "failure")
    (denied, *_) = text(cast.dana, "outcome:denied door:rest", "ecs").splitlines()
    assert json.loads(denied)["source"]["ip"] == "2001:db8::7"


# --- files


def asked(by, query="", form="jsonl"):
    return exports.export(Search.of(query), format=form, by=by)


def written(export) -> Export:
    write_export(str(export.pk))
    return Export.objects.get(pk=export.pk)


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_and_its_manifest(cast, client, form):
    export = written(asked(cast.dana, "verb:grant", form))
    body = export.path.read_bytes()
    manifest = export.manifest
    assert manifest["sha256"] == hashlib.sha256(body).hexdigest()
    assert manifest["bytes"] == len(body)
    lines = body.decode().count("\n") - (form == "csv")
    assert manifest["rows"] == lines > 0
    assert (manifest["query"], manifest["asked_by"]) == ("verb:grant", "dana")
    assert export.path.stat().st_mode & 0o077 == 0
    client.force_login(cast.dana)
    answer = client.post(reverse("export_download", args=[export.pk]))
    assert b"".join(answer.streaming_content) == body
    assert form in answer["Content-Disposition"] or form == "cef"
    told = Event.objects.get(verb="trail.download_export", actor=cast.dana)
    assert told.data["sha256"] == manifest["sha256"]
    assert Event.objects.filter(verb="trail.export", message="verb:grant").exists()


def test_it_ends_where_it_was_asked_for(cast):
    export = asked(cast.dana, "verb:group")
    before = Event.objects.filter(verb__startswith="group.", kind="act").count()
    groups.create(name="later", by=cast.erin)
    assert written(export).manifest["rows"] == before


def test_a_steward_takes_away_only_what_is_theirs(cast):
    export = written(asked(cast.alice))
    rows = [json.loads(line) for line in export.path.read_text().splitlines()]
    assert rows and all(row["resource"].startswith("/oncology/") for row in rows)
    assert export.manifest["scope"] == export.scope


def test_to_others_it_is_not_there(cast, client):
    export = written(asked(cast.dana))
    for user in (cast.charlie, cast.erin):
        client.force_login(user)
        for name in ("export", "export_manifest"):
            assert client.get(reverse(name, args=[export.pk])).status_code == 404
        for name in ("export_download", "export_cancel"):
            assert client.post(reverse(name, args=[export.pk])).status_code == 404
        with pytest.raises(PermissionDenied):
            exports.download_export(export, by=user)


def test_who_lost_the_right_gets_no_file(cast, client):
    export = written(asked(cast.dana))
    grants.revoke(Grant.objects.get(user=cast.dana), by=cast.erin)
    with pytest.raises(PermissionDenied):
        exports.download_export(export, by=cast.dana)
    client.force_login(cast.dana)
    assert client.post(reverse("export_download", args=[export.pk])).status_code == 404


def test_who_lost_the_right_before_it_was_written_gets_none(cast):
    export = asked(cast.dana)
    grants.revoke(Grant.objects.get(user=cast.dana), by=cast.erin)
    assert written(export).state == "failed"
    assert not export.path.exists()


def test_a_cancelled_one_leaves_nothing(cast, client):
    export = asked(cast.dana)
    client.force_login(cast.dana)
    client.post(reverse("export_cancel", args=[export.pk]))
    assert written(export).state == "cancelled"
    assert not list(export.path.parent.glob("*")) if export.path.parent.exists() else True
    with pytest.raises(ValidationError):
        exports.cancel_export(export, by=cast.dana)


def test_cancelling_stops_the_worker_in_the_middle(cast, monkeypatch):
    export = asked(cast.dana)
    monkeypatch.setattr(stream, "CHUNK", 5)
    tell = progress.tell

    def cancel(export, rows, share):
        tell(export, rows, share)
        if rows >= 5:
            exports.cancel_export(export, by=cast.dana)

    monkeypatch.setattr(progress, "tell", cancel)
    assert written(export).state == "cancelled"
    assert list(export.path.parent.iterdir()) == []


def test_a_disk_that_is_full_is_told(cast, settings, tmp_path):
    export = asked(cast.dana)
    (tmp_path / "file").write_text("")
    settings.EXPORT_ROOT = tmp_path / "file" / "exports"
    found = written(export)
    assert (found.state, found.manifest["reason"][:30]) == (
        "failed",
        "The file could not be written:",
    )


def test_what_breaks_in_any_way_is_failed(cast, monkeypatch):
    """A worker of another release, which does not know this format."""
    export = asked(cast.dana, "verb:grant", "ecs")
    monkeypatch.delitem(FORMATS_KNOWN, "ecs")
    with pytest.raises(KeyError):
        write_export(str(export.pk))
    export.refresh_from_db()
    assert export.state == "failed" and export.manifest["reason"].startswith("Something broke")


def test_what_nobody_writes_for_an_hour_is_failed(cast, monkeypatch):
    export = asked(cast.dana)
    discard_exports()
    export.refresh_from_db()
    assert export.state == "queued" and list(queries.exports_to_write()) == [export]
    monkeypatch.setattr(Export, "PATIENCE", timedelta(0))
    assert list(queries.exports_to_write()) == []
    discard_exports()
    export.refresh_from_db()
    assert export.state == "failed"


def test_files_go_after_a_week(cast, client):
    export = written(asked(cast.dana))
    assert discard_exports() == 0 and export.path.exists()
    export.asked_at = timezone.now() - timedelta(days=8)
    assert export.expired
    Export.KEPT, kept = timedelta(0), Export.KEPT
    try:
        assert discard_exports() == 1 and not export.path.exists()
    finally:
        Export.KEPT = kept
    client.force_login(cast.dana)
    answer = client.post(reverse("export_download", args=[export.pk]))
    assert answer.status_code == 302


def test_memory_does_not_grow_with_the_rows(cast):
    def peak(count: int) -> int:
        insert(
            [
                Event(kind="act", verb="test.bulk", event_class="management", door="cli", data={})
                for _ in range(count)
            ]
        )
        gc.collect()
        tracemalloc.start()
        found = stream.of(cast.dana, Search.of("verb:test.bulk"), "ocsf", timezone.now())
        for _ in found:
            pass
        assert found.rows >= count
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    usual = gc.get_threshold()
    gc.set_threshold(700, 10, 10)  # what waits for the collector is not what grows
    try:
        first = peak(1_200)
        assert peak(4_000) < first * 1.25
    finally:
        gc.set_threshold(*usual)


# --- in a terminal


def run(*args) -> str:
    out = StringIO()
    call_command("trail", *args, stdout=out)
    return out.getvalue()


def test_the_command_prints_and_is_recorded(cast):
    out = run("actor:erin verb:group.create", "--as", "dana")
    assert "erin" in out and "group.create" in out and out.count("\n") == 1
    assert Event.objects.get(verb="trail.view", actor=cast.dana).door == "cli"
    assert run("nothinglikeit", "--as", "dana") == "Nothing matches.\n"


def test_the_command_writes_a_new_file(cast, tmp_path):
    out = tmp_path / "all.jsonl"
    said = run("verb:grant", "--as", "dana", "--format", "jsonl", "--out", str(out))
    manifest = json.loads((tmp_path / "all.jsonl.manifest.json").read_text())
    assert manifest["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert str(manifest["rows"]) in said
    with pytest.raises(CommandError, match="exists"):
        run("verb:grant", "--as", "dana", "--format", "jsonl", "--out", str(out))


def test_the_command_refuses(cast):
    with pytest.raises(CommandError) as error:
        run("--as", "charlie")
    assert error.value.returncode == 3
    with pytest.raises(CommandError, match="Known: actor"):
        run("actr:bob", "--as", "dana")
    with pytest.raises(CommandError, match="from 1 to 1000"):
        run("--limit", "0", "--as", "dana")


def test_what_people_type_does_not_steer_a_terminal(cast):
    Event.objects.create(kind="act", verb="test.x", message="\x1b[2Jgone\x9b1m\nnext")
    out = run("verb:test.x", "--as", "dana")
    assert out.count("\n") == 1 and out.rstrip("\n").isprintable()


def test_the_cef_of_a_long_message_is_cut(cast):
    Event.objects.create(kind="act", verb="test.x", event_class="management", message="x" * 5000)
    assert len(text(cast.dana, "verb:test.x", "cef")) < 1500


# --- over REST


def test_a_script_asks_polls_and_fetches(cast):
    dana = caller(cast.dana)
    answer = dana.post("trail/exports", {"q": "verb:grant", "format": "ecs"})
    assert answer.status_code == 201
    at = answer.json()["uid"]
    assert dana.get(f"trail/exports/{at}").json()["state"] == "queued"
    refused(dana.get(f"trail/exports/{at}/file"), 409)
    write_export(at)
    told = dana.get(f"trail/exports/{at}").json()
    assert (told["state"], told["percent"]) == ("done", 100)
    body = b"".join(dana.get(f"trail/exports/{at}/file").streaming_content)
    assert hashlib.sha256(body).hexdigest() == told["manifest"]["sha256"]
    refused(dana.post("trail/exports", {"q": "actr:x"}), 422, "q")
    refused(dana.post("trail/exports", {"q": "", "format": "xml"}), 422, "format")
    for other in (caller(cast.erin), caller(cast.charlie)):
        refused(other.get(f"trail/exports/{at}"), 404)
        refused(other.get(f"trail/exports/{at}/file"), 404)
        refused(other.post(f"trail/exports/{at}/cancel"), 404)


def test_a_narrow_key_takes_away_what_it_reaches(cast):
    issued = keys.issue(
        cast.dana, name="n", scopes=["read_trail"], within=cast.oncology, by=cast.dana,
        expires_at=timezone.now() + timedelta(hours=1),
    )  # fmt: skip
    at = Caller(issued.secret).post("trail/exports", {"q": ""}).json()["uid"]
    export = Export.objects.get(pk=at)
    assert export.scope is not None
    write_export(at)
    rows = [json.loads(line) for line in export.path.read_text().splitlines()]
    assert rows and all(row["resource"].startswith("/oncology/") for row in rows)


def test_saved_searches(cast):
    dana, erin = caller(cast.dana), caller(cast.erin)
    answer = dana.post("trail/searches", {"name": "Refused", "q": "outcome:denied", "shared": True})
    at = answer.json()["uid"]
    assert [one["name"] for one in erin.list("trail/searches")] == ["Refused"]
    refused(dana.post("trail/searches", {"name": "Refused", "q": "x"}), 409)
    refused(dana.post("trail/searches", {"name": "x", "q": '"'}), 422, "q")
    refused(erin.delete(f"trail/searches/{at}"), 403)
    assert dana.post("trail/searches", {"name": "Mine", "q": "x"}).status_code == 201
    assert [one["name"] for one in erin.list("trail/searches")] == ["Refused"]
    assert dana.delete(f"trail/searches/{at}").status_code == 204
    assert erin.list("trail/searches") == []
    assert Event.objects.filter(verb="trail.delete_search", outcome="denied").exists()


def test_a_misspelt_filter_is_refused(cast):
    refused(caller(cast.dana).get("trail?actr=bob"), 422, "actr")
