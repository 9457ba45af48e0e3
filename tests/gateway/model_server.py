"""A small model server: logistic regression over HTTP, with nothing but the library."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WEIGHTS, BIAS = [0.8, -0.4], 0.1
MODEL = {"weights": WEIGHTS, "bias": BIAS}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        values: list[float] = body["inputs"]
        score = BIAS + sum(w * value for w, value in zip(WEIGHTS, values, strict=True))
        self.answer({"probability": 1 / (1 + math.exp(-score))})

    def do_GET(self) -> None:
        self.answer({"model": MODEL})

    def answer(self, found: dict[str, Any]) -> None:
        seen = {name.lower(): value for name, value in self.headers.items()}
        raw = json.dumps(found | {"path": self.path, "seen": seen}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@contextmanager
def serving() -> Iterator[int]:
    """The port it answers on."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
