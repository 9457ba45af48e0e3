"""What a client does: rename people as an action, as stock django-auditlog does it, or bare.

Stock is django-auditlog as it comes: its own table with its ten indexes, its receivers (read the
old row, insert the entry, update the row), the same fields; without actor and address, which its
middleware would add, and with no trigger on any table.

An action does all that, and: each change says who, by which decision, through which door, and has
its words searchable, under fifteen indexes in an append-only partition; the transaction decides,
leaves an event of its own, is guarded by triggers on every table and checked once more at its
commit. It writes its events by one statement when it ends.
"""

from __future__ import annotations

from benchmarks import world
from benchmarks.lanes import Step

BARE = "gatehouse_bench_bare"  # a copy without the gate's triggers
NETLESS = "gatehouse_bench_netless"  # without those that record what comes from elsewhere


def django_in(name: str) -> None:
    world.point_at(name)
    import django

    django.setup()


def name_step(mode: str, together: int, user: int = 0) -> Step:
    django_in(world.NAME if mode == "act" else BARE)
    from django.db import transaction

    from accounts.decision import check, site
    from accounts.models import User
    from accounts.permissions import Permission
    from audit.acts import action
    from audit.context import Act, opened

    record_as(mode)
    erin = User.objects.get(username="erin")
    people = list(User.objects.filter(username__startswith=f"bench{user:02}")[:together])

    def rename(number: int) -> None:
        for person in people:
            person.name = f"Bench {number}"
            person.save()

    @action("bench.rename")
    def act(number: int, *, by: User) -> None:
        check(by, Permission.MANAGE_PEOPLE, site())
        rename(number)

    def audited(number: int) -> None:
        act(number, by=erin)

    def unaudited(number: int) -> None:
        with opened(Act("bench", "management", erin)), transaction.atomic():
            rename(number)

    return audited if mode == "act" else unaudited


def record_as(mode: str) -> None:
    from auditlog import receivers
    from auditlog.models import LogEntry
    from auditlog.registry import auditlog

    from accounts.models import User

    if mode in ("plain", "stock"):
        auditlog.unregister(User)
        User.derived = True  # type: ignore[attr-defined]  # not counted against our diffs
    if mode == "stock":
        LogEntry._meta.swapped = None  # in this process it is used
        receivers.get_logentry_model = lambda: LogEntry
        fields = [f.name for f in User._meta.concrete_fields if f.name != "password"]
        auditlog.register(User, include_fields=fields)


def request_step(mode: str, uid: str, secret: str) -> Step:
    """PATCH of a project over REST, through every middleware; or the same that records nothing."""
    django_in(world.NAME if mode == "audited" else BARE)
    from auditlog.registry import auditlog
    from django.test import Client

    from audit import acts
    from audit.models import Event

    if mode != "audited":
        for model in list(auditlog.get_models()):
            auditlog.unregister(model)
            model.derived = True  # no row is counted against diffs that nobody makes
        Event.save = lambda self, *args, **kwargs: None  # type: ignore[method-assign]
        acts.insert = lambda events: None  # type: ignore[attr-defined]
    client = Client(SERVER_NAME="127.0.0.1", headers={"Authorization": f"Bearer {secret}"})

    def step(number: int) -> None:
        body = {"name": f"Oncology {number} {mode}"}
        answer = client.patch(f"/api/v1/projects/{uid}", body, content_type="application/json")
        assert answer.status_code == 200, answer.content

    return step
