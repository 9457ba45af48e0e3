"""Every turn that a change can take: it comes at the first look at a counter, at the second, and so
on to the last that a question takes. No luck: a stamp or a generation that is read too late has
its turn, too. There is no listener; the change stamps, and the beat is always of now."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.actions import grants, keys
from accounts.decision import decide, site
from accounts.models import Grant, Resource
from accounts.permissions import Permission
from accounts.point import point, stamps
from accounts.point.asking import MINUTE
from accounts.point.stamps import BEAT, clock
from governance.fastpath import ADDRESS, FastPath
from registry.actions import states
from registry.models import Asset
from tests.cast import Cast, role
from tests.deciding.world import owner

Change = tuple[Callable[[], object], Callable[[], object]]  # breaks it, mends it


class Turning:
    """The counters, of which one look sets off a change."""

    def __init__(self, view: Any) -> None:
        self.view, self.looks, self.turn = view, 0, 0
        self.change: Callable[[], object] = object

    def __getitem__(self, slot: int) -> Any:
        self.looks += 1
        if self.looks == self.turn:
            self.change()
        return clock() if slot == BEAT else self.view[slot]

    def __setitem__(self, slot: int, value: int) -> None:
        self.view[slot] = value


class Scene:
    """Bob downloads the scans with a key, through his group; a service asks the same for him."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.session = cast, owner()
        scans: Any = Asset.objects.get(pk=cast.scans.pk)
        self.scans = states.set_state(scans, "published", by=cast.alice)
        self.grant = grants.give(role("reader"), cast.researchers, self.scans, by=cast.alice)
        grants.give(role("auditor"), cast.scoring.user, site(), by=cast.erin)
        end = timezone.now() + timedelta(days=1)
        self.key = keys.issue(
            cast.bob, name="b", scopes=["download"], expires_at=end, by=cast.bob
        ).key
        self.issued = keys.issue(
            cast.scoring.user, name="s", scopes=["review"], expires_at=end, by=cast.alice
        )
        self.place = Resource.objects.get(pk=scans.pk)
        self.start()

    def start(self) -> None:
        """As after a start: nothing is remembered."""
        point.forget()
        self.fast = FastPath(lambda *asked: [], lambda *noted: True)
        self.fast.asking.seen[self.issued.key.secrets.get().kid] = time.time_ns() // 1000 // MINUTE
        shared = stamps.shared()
        shared.beat(clock())
        found = point.current()
        assert found is not None
        self.turning = Turning(shared.view)
        found.view = self.turning  # type: ignore[assignment]

    def decided(self) -> bool:
        return decide(self.cast.bob, Permission.DOWNLOAD, self.place, key=self.key).allowed

    def checked(self) -> bool:
        """By the check endpoint, before Django; what goes the long way is not allowed here."""
        body = json.dumps(
            {
                "subject": {"type": "user", "id": "bob"},
                "action": {"name": "download"},
                "resource": {"type": "dataset", "id": "oncology/ct-scans"},
            }
        ).encode()
        seen, minute = self.fast.asking.seen, time.time_ns() // 1000 // MINUTE
        for kid in seen:
            seen[kid] = minute
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": ADDRESS,
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_HOST": "localhost:8000",
            "HTTP_AUTHORIZATION": f"Bearer {self.issued.secret}",
            "wsgi.input": io.BytesIO(body),
        }
        told = b"".join(self.fast(environ, lambda *started: None))
        return bool(told) and bool(json.loads(told)["decision"])

    def changes(self) -> dict[str, Change]:
        bob, scans, cast, by = self.cast.bob.pk, self.scans.pk, self.cast, self.session
        member = f"update accounts_membership set opened_at = '{{}}' where user_id = '{bob}'"
        given = self.grant.pk
        rows = f"update accounts_grouppermission set expires_at = {{}} where grant_id = '{given}'"
        state = f"update accounts_resource set state = '{{}}' where id = {scans}"
        key = "update accounts_apikey set revoked_at = {0}, revoked_by_id = {1} where id = '%s'"
        name = f"update accounts_user set username = '{{}}' where id = '{bob}'"
        dua = f"update accounts_resource set required_agreements = '{{}}' where id = {scans}"
        asker, his = key % self.issued.key.pk, key % self.key.pk
        on, off = ("now()", "owner_id"), ("null", "null")
        suspend: Change = (
            lambda: grants.suspend(Grant.objects.get(pk=self.grant.pk), reason="x", by=cast.alice),
            lambda: grants.resume(Grant.objects.get(pk=self.grant.pk), by=cast.alice),
        )
        return {
            "suspension": suspend,
            "membership": (said(by, member, "2100-01-01"), said(by, member, "2020-01-01")),
            "grant": (said(by, rows, "now()"), said(by, rows, "null")),
            "state": (said(by, state, "withdrawn"), said(by, state, "published")),
            "agreement": (said(by, dua, "{dua}"), said(by, dua, "{}")),
            "key": (said(by, his, *on), said(by, his, *off)),
            "key of the asker": (said(by, asker, *on), said(by, asker, *off)),
            "name": (said(by, name, "robert"), said(by, name, "bob")),
        }

    def turns(self, ask: Callable[[], bool], change: Change, *, cold: bool) -> Iterator[int]:
        """At which turns of the change the next question was answered as before it."""
        turn = 0
        breaks, mends = change
        while True:
            turn += 1
            if cold:
                self.start()
            else:
                assert ask()
                stamps.shared().bump([])  # something else changed: each is looked at again
            self.turning.looks, self.turning.turn, self.turning.change = 0, turn, breaks
            ask()
            happened, self.turning.turn = self.turning.looks >= turn, 0
            if not happened:
                assert turn > 3
                return
            if ask():
                yield turn
            mends()


def said(session: Any, statement: str, *values: str) -> Callable[[], None]:
    """By the database's owner, stamped as soon as it is committed."""

    def change() -> None:
        session.execute(statement.format(*values))
        touched = session.execute("select current_setting('gate.touched')").fetchone()
        session.commit()
        stamps.shared().bump(stamps.parsed(touched[0] if touched else ""))

    return change
