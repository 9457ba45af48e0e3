"""Forward-auth, pure: a credential and a request line in, an answer for the proxy out."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from accounts.decision import Refused, decide
from accounts.models import ApiKey, User
from accounts.permissions import Permission
from gateway import paths, queries, recording
from gateway.recording import Denied

VERB = "gateway.forward"
CHALLENGE = 'Bearer realm="gatehouse"'


@dataclass
class Answer:
    """What the proxy is told: 200, 401 or 403 and the headers that it may pass on."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)


def unauthenticated(error: str = "") -> Answer:
    challenge = f'{CHALLENGE}, error="{error}"' if error else CHALLENGE
    return Answer(401, {"WWW-Authenticate": challenge})


def forward(credential: ApiKey | None, method: str, host: str, path: str) -> Answer:
    """May the holder of this key send this request? `path` is clean, `host` without port."""
    if credential is None:
        return unauthenticated()
    subject: User = credential.owner
    subject.credential = credential
    evaluation = str(uuid.uuid4())
    data = {"evaluation_id": evaluation, "request": f"{method} {host}{path}"}
    found = queries.route(host, method, path)
    if found is None:
        return refuse(subject, Denied("route_unknown", "No route matches this request"), data)
    route, captured = found
    resource = queries.at(route.address.format(**captured))
    # A name that brings a step of its own would be decided about as another kind of resource.
    if resource is None or resource.path.count("/") != paths.depth(route.address):
        error = Denied("resource_unknown", f"What {route} leads to is not there")
        return refuse(subject, error, data)
    decision = decide(subject, route.permission, resource)
    if not decision.allowed:
        seen = decide(subject, Permission.DISCOVER, resource).allowed
        told = decision.reason if seen else "resource_unknown"
        return refuse(subject, Refused(decision), data, told)
    recording.allowed(VERB, subject, resource, decision, **data)
    return Answer(200, {"X-Authz-Subject": subject.username, "X-Authz-Decision-Id": evaluation})


def refuse(subject: User, error: Refused | Denied, data: dict[str, str], told: str = "") -> Answer:
    recording.denied(VERB, subject, error, **data)
    reason = told or error.reason
    return Answer(403, {"X-Authz-Reason": reason, "X-Authz-Decision-Id": data["evaluation_id"]})


def request_line(method: str, host: str, target: str) -> tuple[str, str, str]:
    """As a proxy told it; `Unclear` when two programs could read it in two ways."""
    if not paths.METHOD.fullmatch(method):
        raise paths.Unclear
    return method, paths.hostname(host), paths.clean(target)
