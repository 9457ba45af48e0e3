"""Copies of the trail: everything arrives at least once, whatever the other side does."""

from __future__ import annotations

import base64
import hmac
import json
import re
import threading
import time
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections
from django.utils import timezone

from accounts.actions import groups
from audit.delivery import sockets
from audit.exports import formats
from audit.models import Event, SinkCursor
from audit.sinks import outbox, senders, shipping, targets
from audit.sinks.targets import configured, target
from audit.tasks import ship
from governance import health
from tests.audit import receivers
from tests.audit.receivers import receiver
from tests.rest import caller, refused

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def uids() -> list[str]:
    events = Event.objects.exclude(kind="change").order_by("id")
    return [str(uid) for uid in events.values_list("uid", flat=True)]


def lines(path) -> list[str]:
    return [json.loads(line)["uid"] for line in path.read_text().splitlines()]


def again(name: str) -> None:
    """The wait after a failure is over."""
    SinkCursor.objects.filter(name=name).update(retry_at=None)


@pytest.fixture
def file(tmp_path):
    return target(f"file://{tmp_path}/trail.jsonl#name=file"), tmp_path / "trail.jsonl"


@pytest.fixture
def hook(tmp_path):
    """An address for a receiver, signed."""
    (tmp_path / "secret").write_text(SECRET)

    def make(found):
        options = f"name=hook&ca={found.ca}&secret={tmp_path}/secret"
        return target(f"https://localhost:{found.port}/in?x=1#{options}")

    return make


# --- addresses


WRONG = {
    "http://siem.example.org#secret=x": "http:// is none of",
    "https://siem.example.org": "needs #secret",
    "syslog://siem.example.org": "none of file, syslog",
    "file://host/x": "three slashes",
    "syslog+tls:///x": "have a host",
    "file:///x#format=xml": "jsonl, ocsf, ecs",
    "file:///x#color=red": "#color= is none of",
    "file:///x#name=A B": "#name=A B",
}


@pytest.mark.parametrize("address", WRONG)
def test_a_wrong_address_says_what_is_right(address):
    with pytest.raises(ImproperlyConfigured, match=re.escape(WRONG[address])):
        target(address)


def test_two_sinks_have_two_names():
    with pytest.raises(ImproperlyConfigured, match="#name="):
        configured(["file:///a/x", "file:///b/x"])


# --- a file


def test_everything_once_and_then_what_is_new(cast, file):
    sink, path = file
    assert shipping.ship(sink) == len(uids())
    assert lines(path) == uids()
    assert path.stat().st_mode & 0o077 == 0
    groups.create(name="later", by=cast.erin)
    assert shipping.ship(sink) == 1
    assert shipping.ship(sink) == 0
    assert lines(path) == uids()
    assert outbox.lag("file").pending == 0


def test_a_batch_that_broke_off_comes_again_on_its_own_line(cast, file):
    sink, path = file
    path.write_text('{"uid": "half')
    shipping.ship(sink)
    first, *rest = path.read_text().splitlines()
    assert first == '{"uid": "half'
    assert [json.loads(line)["uid"] for line in rest] == uids()


def test_a_folder_that_is_gone_loses_nothing(cast, tmp_path):
    sink = target(f"file://{tmp_path}/gone/trail.jsonl#name=gone")
    assert shipping.ship(sink) == 0
    state = outbox.lag("gone")
    assert state.pending == len(uids()) and state.failures == 1 and state.seconds >= 0
    assert "No such file" in state.error
    (tmp_path / "gone").mkdir()
    assert shipping.ship(sink) == 0  # it waits before it tries again
    again("gone")
    assert shipping.ship(sink) == len(uids())
    assert lines(tmp_path / "gone" / "trail.jsonl") == uids()
    assert outbox.lag("gone").failures == 0


def test_a_worker_that_dies_between_sending_and_writing_down_repeats(cast, file, monkeypatch):
    sink, path = file
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "BATCH", 5)

        def die(cursor, events):
            raise SystemExit

        patch.setattr(outbox, "delivered", die)
        with pytest.raises(SystemExit):
            shipping.ship(sink)
    shipping.ship(sink)
    assert lines(path)[:5] == lines(path)[5:10] == uids()[:5]
    assert list(dict.fromkeys(lines(path))) == uids()


def test_one_worker_at_a_time(cast, file):
    sink, _ = file
    with outbox.leased("file") as held:
        assert held is not None
        assert shipping.ship(sink) == 0
    SinkCursor.objects.filter(name="file").update(leased_until=timezone.now() - outbox.LEASE)
    assert shipping.ship(sink) == len(uids())


# --- HTTPS


def test_a_webhook_is_signed(cast, tmp_path, hook):
    with receiver(tmp_path, receivers.takes) as found:
        sink = hook(found)
        assert shipping.ship(sink) == len(uids())
    told = [json.loads(body) for body in found.bodies]
    assert [event["uid"] for one in told for event in one["data"]] == uids()
    assert {one["type"] for one in told} == {"trail.events"}
    headers, body = found.headers[0], found.bodies[0]
    again = signature(headers["webhook-id"], headers["webhook-timestamp"], body)
    assert headers["webhook-signature"] == again
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60


def signature(uid: str, at: str, body: bytes) -> str:
    """Written down anew from the specification."""
    key = base64.b64decode(SECRET.split("_")[1])
    mac = hmac.new(key, f"{uid}.{at}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(mac.digest()).decode()}"


def test_the_signature_is_that_of_the_specification():
    """The example of https://github.com/standard-webhooks/standard-webhooks."""
    body = b'{"test": 2432232314}'
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signature("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body) == expected


GARBAGE = {
    "a redirect": b"HTTP/1.1 302 Found\r\nLocation: https://localhost/\r\n\r\n",
    "an error": b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
    "no HTTP": b"\x00\xff garbage \r\n\r\n",
    "half a line": b"HTTP/1.1 2",
    "nothing": b"",
    "an endless header": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("answer", GARBAGE)
def test_garbage_is_no_yes(cast, tmp_path, hook, answer):
    with receiver(tmp_path, receivers.answering(GARBAGE[answer])) as found:
        sink = hook(found)
        assert shipping.ship(sink) == 0
    assert outbox.lag("hook").pending == len(uids())
    assert outbox.lag("hook").error


def test_a_repetition_has_the_same_id(cast, tmp_path, hook):
    with receiver(tmp_path, receivers.answering(GARBAGE["an error"])) as found:
        sink = hook(found)
        shipping.ship(sink)
        again("hook")
        shipping.ship(sink)
    first, second = found.headers
    assert first["webhook-id"] == second["webhook-id"]
    assert found.bodies[0].split(b'"data"')[1] == found.bodies[1].split(b'"data"')[1]


def test_who_drips_does_not_hold_the_worker(cast, tmp_path, hook, monkeypatch):
    monkeypatch.setattr(sockets, "WHOLE", 1.0)
    with receiver(tmp_path, receivers.drips) as found:
        sink = hook(found)
        started = time.monotonic()
        assert shipping.ship(sink) == 0
        assert time.monotonic() - started < 3
    assert outbox.lag("hook").failures == 1


def test_a_certificate_of_somebody_else_gets_nothing(cast, tmp_path, hook):
    with receiver(tmp_path, receivers.takes, "elsewhere.example.org") as found:
        assert shipping.ship(hook(found)) == 0
    assert found.bodies == []
    assert "certificate" in outbox.lag("hook").error.lower()


def test_one_that_is_down_holds_up_no_other(cast, tmp_path, hook, file):
    with receiver(tmp_path, receivers.takes) as found:
        gone = hook(found)
    assert shipping.ship(gone) == 0
    assert "refused" in outbox.lag("hook").error
    sink, _ = file
    assert shipping.ship(sink) == len(uids())


# --- syslog


def syslog(found, form="cef"):
    return target(f"syslog+tls://localhost:{found.port}#name=syslog&format={form}&ca={found.ca}")


def test_syslog_over_tls(cast, tmp_path):
    with receiver(tmp_path, receivers.logs) as found:
        assert shipping.ship(syslog(found)) == len(uids())
    messages = [text for body in found.bodies for text in receivers.frames(body)]
    assert len(messages) == len(uids())
    shape = re.compile(r"<(\d+)>1 \S+T\S+\+00:00 \S+ gatehouse - [a-z_.]+ - CEF:0\|Gatehouse\|")
    priorities = [int(match[1]) for text in messages if (match := shape.match(text))]
    assert len(priorities) == len(messages)
    assert {priority // 8 for priority in priorities} == {13}
    assert [uid for uid in uids() if not any(uid in text for text in messages)] == []


def test_syslog_that_resets_has_not_read_it(cast, tmp_path):
    with receiver(tmp_path, receivers.resets) as found:
        assert shipping.ship(syslog(found, "jsonl")) == 0
        assert outbox.lag("syslog").pending == len(uids())


# --- what nobody expects


ODD = """insert into audit_event (kind, event_class, verb, outcome, actor_repr, on_behalf_of, key,
  object_pk, object_repr, action, resource_path, decision, purpose, door, agent, message, data)
  values ('act', %s, %s, %s, '', '', '', '', '', 3, '/', %s, '', 'db', '', '', %s)"""


@pytest.mark.parametrize("form", targets.FORMATS)
def test_no_event_holds_up_those_after_it(cast, tmp_path, form):
    """Whoever may write into the trail's table would silence the copies of it."""
    with connection.cursor() as sql:
        for decision in ("[{}]", '[{"permission": "read"}]', '{"a": 1}', '"x"', "7", "[[]]"):
            sql.execute(ODD, ["authorization", "grant.open", "ok", decision, "[1]"])
        for kind in ("", "odd"):
            sql.execute(ODD, [kind, kind, kind, "[]", '"x"'])
    groups.create(name="later", by=cast.erin)
    sink = target(f"file://{tmp_path}/trail#name=file&format={form}")
    assert shipping.ship(sink) == len(uids())
    assert outbox.lag("file").failures == 0


def test_whatever_fails_is_told_and_tried_again(cast, file, settings, monkeypatch):
    sink, path = file
    settings.TRAIL_SINKS = [f"file://{path}#name=file"]
    broken = replace(formats.FORMATS["jsonl"], lines=lambda records: str({"a": 1}["rule"]))
    with monkeypatch.context() as patched:
        patched.setitem(formats.FORMATS, "jsonl", broken)
        assert shipping.ship(sink) == 0
        patched.setattr(health, "SINK_LATE", -1)
        assert health.sinks().status == "FAIL"
        assert "KeyError" in health.sinks().found
    again("file")
    assert shipping.ship(sink) == len(uids())


# --- out of order


@pytest.mark.django_db(transaction=True)
def test_what_commits_late_is_not_skipped(cast, file, monkeypatch):
    """A transaction takes an id, others overtake it, the cursor passes; then it commits."""
    sink, path = file
    monkeypatch.setattr(outbox, "SETTLED", timedelta(0))
    insert = (
        "insert into audit_event (kind, event_class, verb, outcome, actor_repr, on_behalf_of, key,"
        " object_pk, object_repr, action, resource_path, decision, purpose, door, agent, message,"
        " data) values ('act', 'management', 'test.late', 'ok', '', '', '', '', '', 3, '/', '[]',"
        " '', 'db', '', '', '{}') returning id"
    )
    with psycopg.connect(**connections["default"].get_connection_params()) as slow:
        row = slow.execute(insert).fetchone()
        late = row[0] if row else 0
        for name in ("a", "b", "c"):
            groups.create(name=name, by=cast.erin)
            shipping.ship(sink)
        cursor = SinkCursor.objects.get(name="file")
        assert cursor.floor < late < max(cursor.above)
        slow.commit()
    shipping.ship(sink)
    assert sorted(lines(path)) == sorted(uids())
    # The floor waits for every transaction of the server, those of other databases too.
    for number in range(120):
        groups.create(name=f"d{number}", by=cast.erin)
        shipping.ship(sink)
        cursor = SinkCursor.objects.get(name="file")
        if cursor.floor > late and len(cursor.above) < 5:
            return
        time.sleep(0.5)
    pytest.fail(f"the floor {cursor.floor} stays behind {late}: {cursor.above}")


@pytest.mark.django_db(transaction=True)
def test_many_writers_and_two_shippers_lose_nothing(cast, file):
    sink, path = file
    stop = threading.Event()

    def write(number: int) -> None:
        for step in range(15):
            groups.create(name=f"w{number}-{step}", by=cast.erin)
        connections.close_all()

    def work() -> None:
        while not stop.is_set():
            shipping.ship(sink)
        connections.close_all()

    writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    shippers = [threading.Thread(target=work) for _ in range(2)]
    for thread in [*shippers, *writers]:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in shippers:
        thread.join()
    shipping.ship(sink)
    assert set(lines(path)) == set(uids())
    assert len(lines(path)) == len(uids())


def test_the_senders_are_those_of_the_addresses():
    assert set(senders.SENDERS) == set(targets.SCHEMES)
    assert set(targets.FORMATS) == set(formats.FORMATS) - {"csv", "proof"}


# --- how far they are


def test_the_lag_is_told_to_those_who_read_the_trail(cast, file, settings, tmp_path):
    sink, path = file
    settings.TRAIL_SINKS = [f"file://{path}#name=file", f"file://{tmp_path}/gone/x#name=gone"]
    shipping.ship(sink)
    ship("gone")
    dana = caller(cast.dana)
    text = dana.get("trail/metrics").content.decode()
    assert re.search(r'^gatehouse_sink_pending_events\{sink="file"\} [0-9]$', text, re.MULTILINE)
    assert f'gatehouse_sink_pending_events{{sink="gone"}} {len(uids())}' in text
    assert 'gatehouse_sink_failures{sink="gone"} 1' in text
    for user in (cast.charlie, cast.alice):
        refused(caller(user).get("trail/metrics"), 404)


def test_doctor_sees_who_is_behind(cast, file, settings, monkeypatch):
    assert health.sinks().status == "WARN"
    sink, path = file
    settings.TRAIL_SINKS = [f"file://{path}#name=file"]
    shipping.ship(sink)
    assert health.sinks() == health.ok("file is 0 s behind")
    groups.create(name="later", by=cast.erin)
    SinkCursor.objects.update(last_error="it answers 500")
    assert health.sinks().status == "OK"
    monkeypatch.setattr(health, "SINK_LATE", 0)
    found = health.sinks()
    assert found.status == "FAIL"
    assert "file: 1 events behind" in found.found and "it answers 500" in found.found
