"""A body in chunks: read where the server hands it on whole, else refused with the reason."""

from __future__ import annotations

import http.client
import io
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from governance.chunks import MOST, Chunks
from tests.cast import gathered
from tests.gateway import programs
from tests.rest import caller

QUESTION = {
    "subject": {"type": "user", "id": "alice"},
    "action": {"name": "read"},
    "resource": {"type": "project", "id": "oncology"},
}


def pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 7):
        yield body[start : start + 7]


def test_a_question_in_chunks_is_answered_by_the_real_server(transactional_db, tmp_path):
    cast = gathered()
    key = {"Authorization": f"Bearer {caller(cast.alice).secret}"}
    headers = key | {"Content-Type": "application/json"}

    def ask(path: str, body: bytes) -> tuple[int, bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
            connection.request("POST", path, pieces(body), headers, encode_chunked=True)
            answer = connection.getresponse()
            return answer.status, answer.read()

    with programs.gatehouse(tmp_path) as (port, _):
        status, told = ask("/access/v1/evaluation", json.dumps(QUESTION).encode())
        assert (status, json.loads(told)["decision"]) == (200, True)
        body = {"permission": "read", "resource": "oncology"}
        status, told = ask("/api/v1/decide", json.dumps(body).encode())
        assert status == 200, told
        assert json.loads(told)["allowed"] is True


def sent(body: bytes, **more: Any) -> tuple[str, Any]:
    """The status that was told without asking the application, or the body that it was given."""
    told: list[str] = []

    def application(environ: dict[str, Any], start: Any) -> list[bytes]:
        return [environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))]

    environ = {"wsgi.input": io.BytesIO(body), "HTTP_TRANSFER_ENCODING": "chunked"} | more
    answer = Chunks(application)(environ, lambda status, _: told.append(status))
    return (told or [""])[0], b"".join(answer)


@pytest.mark.parametrize(
    ("body", "ends"), [(b"{}", False), (b"x" * (MOST + 1), True)], ids=["endless", "long"]
)
def test_what_cannot_be_read_whole_is_refused_with_the_reason(body, ends):
    status, told = sent(body, **{"wsgi.input_terminated": ends})
    assert status == "411 Length Required"
    assert b"Send a Content-Length" in told


def test_what_has_a_length_is_left_alone():
    assert sent(b"abcdef", CONTENT_LENGTH="3") == ("", b"abc")
    assert sent(b"abc", **{"wsgi.input_terminated": True}) == ("", b"abc")
    assert sent(b"abc", HTTP_TRANSFER_ENCODING="") == ("", b"")
