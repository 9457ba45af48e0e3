"""What a person may read of the trail: everything, or what happened on what is theirs to watch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.db.models import F, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from audit.among import Among
from audit.models import Event, Export, SavedSearch, root_model
from audit.qualifiers import as_path as as_path  # what other apps make of an address
from audit.search import Search

READ_TRAIL = "accounts.read_trail"
COUNTED = 10_000  # a count beyond this is told as "more than"
PER_HOUR = """
select date_trunc('hour', "timestamp"), outcome = 'ok', count(*) from ({}) as found group by 1, 2
"""
CHANGES_AN_ACT = 10  # of one row, at most
FEW = 200  # resources
LONGEST_ACT = timedelta(days=1)  # no transaction is open for longer
RECENT = 2_000  # events that completions are taken from


def readable(user: Any) -> QuerySet[Event]:
    """404 for whoever may read no part of the trail."""
    found = watched(user)
    if found is None:
        raise Http404
    return found


def watched(user: Any) -> QuerySet[Event] | None:
    """What the person may read of the trail; None is nothing at all."""
    resources = scope(user)
    if resources is None:
        return Event.objects.all()
    return within(Event.objects.all(), resources) if resources else None


def within(found: QuerySet[Event], resources: list[int]) -> QuerySet[Event]:
    """Of few, the planner knows how many events there are; of many it need not."""
    if len(resources) <= FEW:
        return found.filter(resource_id__in=resources)
    return found.filter(Among(F("resource_id"), resources))


def watched_resources(user: Any) -> QuerySet[Any]:
    found: QuerySet[Any] = user.visible(apps.get_model(settings.AUDIT_RESOURCE_MODEL), "read_trail")
    return found


def scope(user: Any) -> list[int] | None:
    """The ids of what the person watches; None is the whole site."""
    if user.has_perm(READ_TRAIL):
        return None
    return list(watched_resources(user).order_by("pk").values_list("pk", flat=True))


def reads_trail(user: Any) -> bool:
    """Whether any of it is theirs to read."""
    return user.has_perm(READ_TRAIL) or watched_resources(user).exists()


def events(user: Any, search: Search | None = None) -> QuerySet[Event]:
    """Acts, newest first; the diffs under an act are shown with it."""
    return readable(user).filter((search or Search()).condition()).defer("words")


def event(user: Any, uid: UUID) -> Event:
    found = readable(user).filter(uid=uid).defer("words").first()
    if found is None:
        raise Http404
    return found


def changes(user: Any, act: Event) -> QuerySet[Event]:
    """The field diffs that one act wrote, in the order it wrote them."""
    if act.act is None:
        return Event.objects.none()
    mine = Event.objects.filter(act=act.act, kind=Event.Kind.CHANGE)
    return mine.defer("words").order_by("id")


def changes_of(acts: Iterable[Event]) -> QuerySet[Event]:
    """The diffs of several acts, in the order of their writing."""
    listed = [act for act in acts if act.act is not None and act.kind == Event.Kind.ACT]
    if not listed:
        return Event.objects.none()
    times = sorted(act.timestamp for act in listed)  # spares the partitions where none can be
    rows = Event.objects.filter(
        act__in=[act.act for act in listed],
        kind=Event.Kind.CHANGE,
        timestamp__range=(times[0] - LONGEST_ACT, times[-1]),
    )
    return rows.defer("words").select_related("content_type").order_by("id")


def first_moment() -> datetime | None:
    """When the oldest event that is kept happened."""
    return Event.objects.order_by("timestamp").values_list("timestamp", flat=True).first()


def with_changes(acts: Iterable[Event]) -> list[Event]:
    """The acts of one page, each with the field diffs under it: `grant: closed at`."""
    listed = list(acts)
    found: dict[UUID, dict[str, Any]] = {}
    for row in changes_of(listed):
        under = found.setdefault(row.act, {})  # type: ignore[arg-type]
        noun = row.content_type.name if row.content_type else "row"
        for name, pair in (row.changes or {}).items():
            under[f"{noun}: {name}"] = pair
    for act in listed:
        if act.act is not None and act.kind == Event.Kind.ACT:
            act.changes = found.get(act.act)
    return listed


def history(user: Any, *rows: models.Model, limit: int = 20) -> list[Event]:
    """The acts that wrote these rows, newest first, as far as the person may read of them."""
    readable_events = watched(user)
    if readable_events is None:
        return []
    these = Q(pk__in=[])
    for row in rows:
        kind = ContentType.objects.get_for_model(root_model(type(row)))
        these |= Q(content_type=kind, object_pk=str(row.pk))
    wrote = Event.objects.filter(these, kind=Event.Kind.CHANGE).values_list("act", flat=True)
    newest = set(wrote[: limit * CHANGES_AN_ACT])  # as values: a join would read all of them
    acts = readable_events.filter(act__in=newest, kind=Event.Kind.ACT).defer("words")
    return with_changes(acts[:limit])


def births(user: Any, rows: Iterable[models.Model]) -> dict[str, Event]:
    """The acts that created these rows of one kind, as far as the person may read of them."""
    listed, readable_events = list(rows), watched(user)
    if not listed or readable_events is None:
        return {}
    kind = ContentType.objects.get_for_model(root_model(type(listed[0])))
    created = Event.objects.filter(
        content_type=kind,
        object_pk__in=[str(row.pk) for row in listed],
        kind=Event.Kind.CHANGE,
        action=Event.Action.CREATE,
    )
    made = dict(created.values_list("act", "object_pk"))
    acts = readable_events.filter(act__in=list(made), kind=Event.Kind.ACT).defer("words")
    return {made[act.act]: act for act in acts if act.act}


def sign_ins(user: Any, limit: int = 5) -> list[Event]:
    """When and from where somebody signed in as this person; their own record."""
    mine = Event.objects.filter(actor_repr=str(user), actor_id=user.pk)
    found = mine.filter(verb="session.open", kind=Event.Kind.ACT)
    return list(found.defer("words")[:limit])


def same_request(user: Any, act: Event) -> QuerySet[Event]:
    """Everything else that the same call left."""
    if act.request_id is None:
        return Event.objects.none()
    others = readable(user).exclude(kind=Event.Kind.CHANGE).exclude(pk=act.pk)
    return others.filter(request_id=act.request_id).defer("words").order_by("id")


def per_hour(user: Any, search: Search) -> list[tuple[datetime, bool, int]]:
    """How many of the newest, as many as anybody counts, lie in which hour: allowed, or not."""
    found = events(user, search).values("timestamp", "outcome")[: COUNTED + 1]
    sql, values = found.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(PER_HOUR.format(sql), values)
        return list(cursor.fetchall())


def recent_values(user: Any, column: str, beginning: str = "", limit: int = 20) -> list[str]:
    """What stands in a column of the newest events that the person may read, most often first."""
    found = Counter(events(user).values_list(column, flat=True)[:RECENT])
    return [value for value, _ in found.most_common() if value and value.startswith(beginning)][
        :limit
    ]


def act_of(user: Any, change: Event) -> Event | None:
    """The act under which a field diff lies."""
    if change.kind != Event.Kind.CHANGE or change.act is None:
        return None
    acts = readable(user).filter(act=change.act, kind=Event.Kind.ACT)
    return acts.defer("words").first()


def opening(user: Any, grant: str) -> Event | None:
    """The act that opened a grant: somebody's giving, or the approval of a request."""
    kinds = list(ContentType.objects.filter(model="grant").values_list("pk", flat=True))
    made = readable(user).filter(
        content_type__in=kinds, object_pk=grant, action=Event.Action.CREATE, kind=Event.Kind.CHANGE
    )
    change = made.defer("words").order_by("timestamp", "id").first()
    return act_of(user, change) if change else None


def searches(user: Any) -> QuerySet[SavedSearch]:
    """One's own, and those that are shared with all who read the trail."""
    if not reads_trail(user):
        return SavedSearch.objects.none()
    return SavedSearch.objects.filter(Q(owner=user) | Q(shared=True)).select_related("owner")


def exports(user: Any) -> QuerySet[Export]:
    """One's own only: what is in a file depends on who asked for it."""
    return Export.objects.filter(owner=user) if reads_trail(user) else Export.objects.none()


def export_to_write(uid: str) -> Export | None:
    """For the worker; None when it is no longer asked for."""
    waiting = Export.objects.filter(pk=uid, state=Export.State.QUEUED)
    return waiting.select_related("owner").first()


def exports_to_write() -> QuerySet[Export]:
    """Those that somebody still waits for; one that nobody wrote for an hour is given up."""
    since = timezone.now() - Export.PATIENCE
    return Export.objects.filter(state=Export.State.QUEUED, asked_at__gte=since)


def exports_given_up() -> QuerySet[Export]:
    late = timezone.now() - Export.PATIENCE
    waiting = Export.objects.filter(state=Export.State.QUEUED, asked_at__lt=late)
    return waiting.select_related("owner")


def outdated_exports() -> QuerySet[Export]:
    """Whose files nobody may fetch any more."""
    return Export.objects.filter(asked_at__lt=timezone.now() - Export.KEPT)
