"""Checkpoints reach real receivers: a file, a syslog socket, an HTTP server; or wait for them."""

from __future__ import annotations

import base64
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.db import ProgrammingError, transaction

from audit.seal import anchors, keys, notes, rounds
from governance import health
from tests.acting import rows
from tests.audit.sealing import act, as_superuser, check, seal_all, told

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def witness(settings: Any) -> Iterator[HTTPServer]:
    """Keeps what it is sent, or answers with what it is told to."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.got.append((dict(self.headers), body))  # type: ignore[attr-defined]
            self.send_response(self.server.answer)  # type: ignore[attr-defined]
            self.end_headers()

        def log_message(self, *words: Any) -> None:
            pass

    server: Any = HTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.answer = [], 204
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.SEAL_ANCHORS = [f"http://127.0.0.1:{server.server_port}/hook"]
    settings.SEAL_WEBHOOK_SECRET = SECRET
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_webhook_is_signed_as_standard_webhooks(cast, witness):
    rounds.once()
    [(headers, body)] = witness.got
    given = {name.lower(): value for name, value in headers.items()}
    signed = f"{given['webhook-id']}.{given['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(b"k" * 32, signed, "sha256")).decode()
    assert given["webhook-signature"] == f"v1,{expected}"
    note = json.loads(body)["data"]["note"]
    assert notes.checkpoint(note, keys.trusted()).size == check().size
    assert "k" * 10 not in str(headers) + body.decode()


def test_a_target_that_is_down_delays_itself_only(cast, witness, settings, monkeypatch):
    monkeypatch.setattr(anchors, "EVERY", timedelta(0))
    witness.answer = 500
    rounds.once()
    assert anchors.publish() == [settings.SEAL_ANCHORS[0]]
    assert len(anchors.read(anchors.anchors_file())) == 1
    witness.answer = 204
    assert anchors.publish() == []
    act(cast, 1)
    rounds.once()
    assert rows("select distinct target from audit_anchor order by 1") == [
        "file",
        settings.SEAL_ANCHORS[0],
    ]
    assert len(anchors.read(anchors.anchors_file())) == 2


def test_a_webhook_without_a_secret_is_not_sent(cast, witness, settings):
    settings.SEAL_WEBHOOK_SECRET = ""
    rounds.once()
    assert witness.got == []
    assert rows("select target from audit_anchor") == ["file"]


def test_syslog_gets_the_note(cast, settings, tmp_path):
    place = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(place))
        receiver.settimeout(5)
        settings.SEAL_ANCHORS = [f"syslog://{place}"]
        rounds.once()
        line = receiver.recv(65536).decode()
    note = json.loads(line[line.index('"') :].rstrip("\x00"))
    assert notes.checkpoint(note, keys.trusted()).size == check().size


def test_syslog_over_tcp_is_counted_by_octets(cast, settings):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        settings.SEAL_ANCHORS = [f"syslog+tcp://127.0.0.1:{server.getsockname()[1]}"]
        rounds.once()
        with server.accept()[0] as taken:
            count, _, rest = taken.makefile("rb").read().partition(b" ")
    assert int(count) == len(rest)
    note = json.loads(rest[rest.index(b'"') :])
    assert notes.checkpoint(note, keys.trusted()).size == check().size


def test_a_witness_that_never_answers_holds_nobody_up(cast, settings, monkeypatch):
    monkeypatch.setattr(anchors, "PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.SEAL_ANCHORS = [f"http://127.0.0.1:{server.getsockname()[1]}/"]
        settings.SEAL_WEBHOOK_SECRET = SECRET
        before = time.monotonic()
        rounds.once()
        assert time.monotonic() - before < 8
    assert rows("select target from audit_anchor") == ["file"]


def test_a_syslog_that_is_not_there_is_no_anchor(cast, settings, tmp_path):
    settings.SEAL_ANCHORS = [f"syslog://{tmp_path}/nobody", "gopher://x"]
    rounds.once()
    assert rows("select target from audit_anchor") == ["file"]


def test_the_file_takes_one_a_minute_and_the_last_is_always_there(cast):
    seal_all()
    act(cast, 2)
    seal_all()
    assert len(anchors.read(anchors.anchors_file())) == 1
    [note] = anchors.read(anchors.last_file())
    assert notes.checkpoint(note, keys.trusted()).size == check().size


LATER = """insert into audit_anchor (checkpoint_id, target, at)
select max(id), 'file', now() + interval '10 years' from audit_checkpoint"""


def test_when_a_target_was_reached_is_not_the_applications_to_say(cast):
    rounds.once()
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        rows(f"{LATER} returning id")
    rows(
        "insert into audit_anchor (checkpoint_id, target) select max(id), 'x' from audit_checkpoint"
        " returning id"
    )
    assert rows("select at = now() from audit_anchor where target = 'x'") == [True]


@pytest.mark.django_db(transaction=True)
def test_what_was_reached_in_the_future_was_not_reached(cast, settings):
    """A row from when the application could write one, or by a clock that was ahead."""
    settings.SEAL_ANCHORS = []
    rounds.once()
    with as_superuser() as server:
        server.execute("update audit_anchor set at = at - interval '20 minutes'")
        server.execute(LATER)
    assert health.anchored().status == "FAIL"
    act(cast, 1)
    rounds.once()
    assert len(anchors.read(anchors.anchors_file())) == 2
    assert health.anchored().status == "OK"
    act(cast, 1)
    rounds.once()
    assert len(anchors.read(anchors.anchors_file())) == 2, "one a minute all the same"


def test_a_line_that_a_crash_cut_short_is_none(cast, monkeypatch):
    rounds.once()
    with anchors.anchors_file().open("a") as file:
        file.write('"half a no')
    assert told() == ""
    monkeypatch.setattr(anchors, "EVERY", timedelta(0))
    act(cast, 1)
    rounds.once()
    assert len(anchors.read(anchors.anchors_file())) == 2, "the next one is not glued to it"


def test_two_histories_are_told(cast):
    """A witness that was shown another tree of the same size."""
    seal_all()
    [note] = anchors.read(anchors.last_file())
    found = notes.checkpoint(note, keys.trusted())
    other = notes.Checkpoint(found.origin, found.size, bytes(32), found.time)
    forged = notes.sign(other.text(), other.origin, keys.signer())
    with anchors.anchors_file().open("a") as file:
        file.write(json.dumps(forged) + "\n")
    assert "two histories exist" in told()
