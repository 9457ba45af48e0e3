"""A store that is not there, is slow or answers nonsense; and addresses that are refused."""

from __future__ import annotations

import itertools
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from audit.delivery import objects
from audit.delivery.address import NotTaken
from audit.delivery.buckets import bucket
from audit.seal import anchors, rounds
from governance import checks, health
from tests.acting import rows

LOCKED = (
    b'<ObjectLockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    b"<ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>"
)
ANSWERS = {
    "403": (403, b""),
    "500": (500, b"<html>"),
    "nothing": (200, b""),
    "garbage": (200, b"\x00\xff<not really>"),
    "another page": (200, b"<html><body>Sign in</body></html>"),
    "elsewhere": (307, b""),
    "no version": (200, LOCKED),
}


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "unimportant")


@contextmanager
def answering(status: int, answer: bytes | Callable[[], bytes]) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # or a client that asks before it sends waits a second

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = answer if isinstance(answer, bytes) else answer()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        do_PUT = do_GET

        def log_message(self, *words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])  # it ends as often
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def target(port: int) -> str:
    return f"s3://bucket/gate?region=us-east-1&endpoint=http://127.0.0.1:{port}"


def is_not_held_up(cast: Any, settings: Any, port: int) -> str:
    """What the doctor says of it."""
    settings.SEAL_ANCHORS = [target(port)]
    before = time.monotonic()
    rounds.once()
    assert time.monotonic() - before < 8
    assert rows("select count(*) = 1 from audit_checkpoint") == [True], "sealed all the same"
    assert rows("select target from audit_anchor") == ["file"], "and it stays due"
    found = health.anchored()
    assert found.status == "FAIL"
    assert "reached s3://bucket " in found.found
    assert "127.0.0.1" not in found.found, "nor what the address says besides"
    return found.found


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_store_that_answers_no_yes(cast, settings, caplog, answer):
    with answering(*ANSWERS[answer]) as port:
        is_not_held_up(cast, settings, port)
    assert "anchor s3://bucket: " in caplog.text
    assert "127.0.0.1" not in caplog.text


def test_a_store_that_is_down(cast, settings):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert "EndpointConnectionError" in is_not_held_up(cast, settings, port)


def test_a_store_that_never_answers(cast, settings, monkeypatch):
    monkeypatch.setattr(anchors, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        is_not_held_up(cast, settings, server.getsockname()[1])


def test_a_store_that_answers_a_byte_at_a_time_holds_one_thread(
    cast, settings, monkeypatch, caplog
):
    monkeypatch.setattr(anchors, "PATIENCE", 1.0)
    ended = threading.Event()

    def drip(server: socket.socket) -> None:
        with server.accept()[0] as taken:
            taken.sendall(b"HTTP/1.1 200 OK\r\nx: ")
            while not ended.wait(0.1):
                taken.sendall(b"y")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=[server])
        thread.start()
        try:
            is_not_held_up(cast, settings, server.getsockname()[1])
            assert "did not answer within 1 s" in caplog.text
            monkeypatch.setattr(anchors, "PATIENCE", 0.1)
            anchors.publish()
            assert "still has not answered" in caplog.text
        finally:
            ended.set()
            thread.join()


def test_what_a_store_says_is_not_repeated(cast, settings, caplog):
    said = b"<Error><Code>Sorry\n%sdone</Code><Message>hunter2</Message></Error>" % (b"x" * 200)
    with answering(403, said) as port:
        found = is_not_held_up(cast, settings, port)
    assert "Sorryxxx" in found
    assert "hunter2" not in found + caplog.text
    assert "done" not in found + caplog.text


ENDLESS = b"""<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<IsTruncated>true</IsTruncated><NextKeyMarker>%d</NextKeyMarker>
<NextVersionIdMarker>%d</NextVersionIdMarker></ListVersionsResult>"""


def test_a_store_that_lists_without_end_is_left(monkeypatch):
    monkeypatch.setattr(objects, "PAGES", 20)
    pages = itertools.count()
    refused = pytest.raises(NotTaken, match="lists more than 20 pages")
    with answering(200, lambda: ENDLESS % ((next(pages),) * 2)) as port, refused:
        list(objects.read(bucket(target(port))))
    assert next(pages) < 25


def test_a_client_that_cannot_be_made_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_PROFILE", "hunter2")
    with pytest.raises(NotTaken, match=r"^ProfileNotFound$"):
        list(objects.read(bucket("s3://bucket/x")))


BAD = {
    "s3://key:hunter2@bucket/x": "an address holds no credentials",
    "s3://key@bucket/x": "an address holds no credentials",
    "s3://key:hunt/er2@bucket/x": "an address holds no credentials",
    "s3://bucket/hunter2@x": "an address holds no credentials",
    "s3://bucket?endpoint=https://key:hunter2@store": "an address holds no credentials",
    "s3://bucket?endpoint=https%3A%2F%2Fkey%3Ahunter2%40store": "without credentials",
    "s3://bucket?endpoint=": "https://HOST:PORT",
    "s3://bucket?endpoint=https://": "https://HOST:PORT",
    "s3://bucket?endpoint=https://[store": "https://HOST:PORT",
    "s3://bucket?endpoint=https://store:hunter2": "https://HOST:PORT",
    "s3://bucket?endpoint=https://store:99999": "https://HOST:PORT",
    "s3://bucket?endpoint=https://store;days=3": "https://HOST:PORT",
    "s3://bucket?endpoint=https://store?hunter2": "https://HOST:PORT",
    "s3://bucket?region=": "?region= is made of",
    "s3://bucket?region=evil.example/": "?region= is made of",
    "s3://bucket?region=a b": "?region= is made of",
    f"s3://bucket/{'a' * 901}": "the prefix is longer than 900 bytes",
    f"s3://bucket/{'ä' * 451}": "the prefix is longer than 900 bytes",
    "s3://a..b/x": "write s3://BUCKET/PREFIX",
    "s3://192.168.1.1/x": "write s3://BUCKET/PREFIX",
    "s3://[bad": "write s3://BUCKET/PREFIX",
    "s3://b\N{CARE OF}cket/x": "write s3://BUCKET/PREFIX",
    "s3://bucket?secret=hunter2": "?secret= is none of days, endpoint, region",
    "s3://bucket?days=0": "a number from 1 to 36500",
    "s3://bucket?days=-1": "a number from 1 to 36500",
    "s3://bucket?days=99999": "a number from 1 to 36500",
    "s3://bucket?days=²": "a number from 1 to 36500",
    "s3://bucket?days=1&days=2": "stands there twice",
    "s3://bucket?endpoint=ftp://store": "https://HOST:PORT",
    "s3://Bucket_": "write s3://BUCKET/PREFIX",
    "s3://bucket:99/x": "write s3://BUCKET/PREFIX",
    "s3:///x": "write s3://BUCKET/PREFIX",
    "s3://bucket/x#y": "write s3://BUCKET/PREFIX",
    "gopher://x": "gopher:// is none of http, https, s3, syslog",
    "nonsense": "nothing:// is none of",
    "file:///else/where": "file:// is none of",
    "file": "nothing:// is none of",
}


@pytest.mark.parametrize("address", BAD)
def test_a_bad_address_is_refused_at_the_start(cast, settings, caplog, address):
    settings.SEAL_ANCHORS = [address]
    [problem] = [one for one in checks.deployment() if one.id == "gatehouse.E013"]
    assert BAD[address] in problem.msg
    rounds.once()
    assert rows("select target from audit_anchor") == ["file"]
    assert "hunter2" not in problem.msg + caplog.text + health.anchored().found


def test_good_addresses_are_not(settings):
    settings.SEAL_ANCHORS = [
        "s3://bucket",
        "s3://my.bucket-1/a/b?days=36500&region=eu-central-1",
        "s3://bucket/?endpoint=https://store.example.org:9000",
        "s3://bucket/?endpoint=http://[::1]:9000/s3",
        f"s3://bucket/{'a' * 900}",
    ]
    assert [one for one in checks.deployment() if one.id == "gatehouse.E013"] == []


def test_without_the_extra_nothing_starts(cast, settings, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "botocore", None)  # what Python itself takes for not installed
    settings.SEAL_ANCHORS = ["s3://bucket/x"]
    [problem] = [one for one in checks.deployment() if one.id == "gatehouse.E013"]
    assert "pip install -r requirements-s3.txt" in problem.msg
    rounds.once()
    assert "pip install -r requirements-s3.txt" in caplog.text
    assert rows("select target from audit_anchor") == ["file"]
