"""A caller of the REST door over a real connection, with nothing but the standard library."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: Any

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Caller:
    """Somebody with a key."""

    site: str
    key: str = ""

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        sent = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        data = None
        if isinstance(body, bytes):
            data, sent["Content-Type"] = body, "application/octet-stream"
        elif body is not None:
            data, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = Request(f"{self.site}/api/v1/{quote(path, safe='/?=&@:')}", data, method=method)
        for name, value in (sent | (headers or {})).items():
            request.add_header(name, value)
        try:
            with urlopen(request, timeout=20) as answer:
                return Answer(answer.status, answer.read(), answer.headers)
        except HTTPError as error:
            return Answer(error.code, error.read(), error.headers)

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, headers=headers)

    def post(self, path: str, body: Any = None) -> Answer:
        return self.call("POST", path, body if body is not None else {})

    def put(self, path: str, body: bytes) -> Answer:
        return self.call("PUT", path, body)
