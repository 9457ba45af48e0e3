"""What a decision costs: over REST against a bare Django view, in process against guardian.

guardian's `has_perm` answers from the rows of one object; the decision asks the whole tree,
states, denies, purposes and expiry, and names the grant. First figures, by plain SQL.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from uuid import UUID

from benchmarks import world

world.prepare()

import django  # noqa: E402  settings need the database that was just made

django.setup()

from django.utils import timezone  # noqa: E402
from guardian.backends import ObjectPermissionBackend  # noqa: E402

from accounts.actions import keys  # noqa: E402
from accounts.decision import decide  # noqa: E402
from accounts.models import Resource, User  # noqa: E402
from tests.cast import assemble  # noqa: E402

PORT = 8797
REST_TARGET, PROCESS_TARGET = 40.0, 5.0  # times the bare thing, at most; the fast path lowers both


def main() -> int:
    cast = assemble()
    until = timezone.now() + timedelta(days=1)
    issued = keys.issue(cast.alice, name="bench", scopes=["read"], expires_at=until, by=cast.alice)
    world.machine()
    met = [over_rest(issued.secret, cast.scans.address), in_process(cast.alice.pk, cast.scans)]
    return 0 if all(met) else 1


def over_rest(secret: str, address: str) -> bool:
    with world.server(PORT):
        client = world.http_client(PORT)
        question = json.dumps({"permission": "read", "resource": address})
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}

        def ask() -> None:
            client.request("POST", "/api/v1/decide", question, headers)
            answer = client.getresponse()
            body = answer.read()
            assert answer.status == 200 and json.loads(body)["allowed"] is True, body

        def bare() -> None:
            client.request("GET", "/livez")
            assert client.getresponse().read()

        asked, empty = world.alternate(ask, bare, 500)
    ratio = asked / empty
    detail = f"decision {asked * 1e3:.2f} ms, bare view {empty * 1e3:.2f} ms, medians, one client"
    question = "decision endpoint (key, JSON, decision) / bare Django view"
    return world.figure(question, ratio, "x", f"<= {REST_TARGET}", ratio <= REST_TARGET, detail)


def in_process(person: UUID, resource: Resource) -> bool:
    guardian = ObjectPermissionBackend()

    def fresh() -> User:
        return User.objects.get(pk=person)

    def ours() -> None:
        assert decide(fresh(), "read", resource).allowed

    def theirs() -> None:
        assert guardian.has_perm(fresh(), "accounts.read", resource)

    mine, stock = world.alternate(ours, theirs, 500)
    ratio = mine / stock
    detail = f"decide {mine * 1e3:.2f} ms, has_perm {stock * 1e3:.2f} ms, medians, user read anew"
    question = "decide() / guardian has_perm, in process"
    ok = ratio <= PROCESS_TARGET
    return world.figure(question, ratio, "x", f"<= {PROCESS_TARGET}", ok, detail)


if __name__ == "__main__":
    sys.exit(main())
