"""A caller of REST inside the test's own transaction: somebody with a key, or with a session."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.actions import keys
from accounts.models import User
from accounts.permissions import Permission

ROOT = "/api/v1/"
JSON = "application/json"
BYTES = "application/octet-stream"


@dataclass
class Caller:
    secret: str = ""
    client: Client = field(default_factory=Client)

    def send(self, method: str, path: str, body: Any = None, **extra: Any) -> Any:
        """`body`: bytes as they are, anything else as JSON."""
        headers = dict(extra.pop("headers", {}))
        if self.secret:
            headers.setdefault("Authorization", f"Bearer {self.secret}")
        if isinstance(body, bytes):
            extra.setdefault("content_type", BYTES)
        else:
            extra.setdefault("content_type", JSON)
        return getattr(self.client, method)(
            ROOT + path, {} if body is None and method == "post" else body or "",
            headers=headers, **extra,
        )  # fmt: skip

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(ROOT + path, headers=self.signed(headers))

    def signed(self, headers: dict[str, str]) -> dict[str, str]:
        return ({"Authorization": f"Bearer {self.secret}"} if self.secret else {}) | headers

    def post(self, path: str, body: Any = None, **extra: Any) -> Any:
        return self.send("post", path, body, **extra)

    def patch(self, path: str, body: Any, **extra: Any) -> Any:
        return self.send("patch", path, body, **extra)

    def put(self, path: str, body: bytes, **extra: Any) -> Any:
        return self.send("put", path, body, **extra)

    def delete(self, path: str) -> Any:
        return self.send("delete", path)

    def list(self, path: str) -> list[Any]:
        found = self.get(path)
        assert found.status_code == 200, found.content
        rows: list[Any] = found.json()["results"]
        return rows


def caller(user: User, *scopes: str, keeper: User | None = None) -> Caller:
    """With a key of theirs; all scopes unless some are named."""
    issued = keys.issue(
        user,
        name="test",
        scopes=list(scopes) or list(Permission.values),
        expires_at=timezone.now() + timedelta(hours=1),
        by=keeper or user,
    )
    return Caller(issued.secret)


def refused(answer: Any, status: int, *fields: str) -> dict[str, Any]:
    """It is a problem by RFC 9457 that names these fields."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["status"] == status
    assert len(told["detail"]) > 10
    assert answer["X-Request-ID"] == told["request_id"]
    assert set(fields) <= set(told.get("errors", {})), told
    return told
