"""A body in chunks (RFC 9112, 7.1) as one with a length: Django reads no other."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

Start = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]
MOST = 1024**2  # bytes, of what is held in memory before anybody was asked who sends it
WORDS = (
    f"Send a Content-Length: a body in chunks is read up to {MOST} bytes, and only where the server"
    " hands it on whole.\n"
)


class Chunks:
    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        if environ.get("HTTP_TRANSFER_ENCODING") and not environ.get("CONTENT_LENGTH"):
            body = whole(environ)
            if body is None:
                return refused(start)
            environ["CONTENT_LENGTH"] = str(len(body))
            environ["wsgi.input"] = io.BytesIO(body)
        return self.application(environ, start)


def whole(environ: dict[str, Any]) -> bytes | None:
    """Where the server says that its stream ends with the body; else to read it could hang."""
    if not environ.get("wsgi.input_terminated"):
        return None
    body: bytes = environ["wsgi.input"].read(MOST + 1)
    return body if len(body) <= MOST else None


def refused(start: Start) -> list[bytes]:
    told = WORDS.encode()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(told)))]
    start("411 Length Required", [*headers, ("Cache-Control", "no-store")])
    return [told]
