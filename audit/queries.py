"""What a person may read of the trail: everything, or what happened on what is theirs to watch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.search import SearchQuery
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate
from django.http import Http404
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from audit.models import Erasure, Event, Hold, root_model

READ_TRAIL = "accounts.read_trail"


@dataclass(frozen=True)
class Filters:
    """One search, as it stands in the address of the page and of the API."""

    text: str = ""
    actor: str = ""
    resource: str = ""
    verb: str = ""
    outcome: str = ""
    door: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @classmethod
    def read(cls, query: Mapping[str, Any]) -> Filters:
        """From a query string; an unknown value is an error that shows the valid form."""
        words = {f.name: str(query.get(f.name) or "").strip() for f in fields(cls)}
        if any("\x00" in word or len(word) > 500 for word in words.values()):
            raise ValidationError("Search for at most 500 characters, without NUL.")
        outcomes = Event.Outcome.values
        if words["outcome"] and words["outcome"] not in outcomes:
            raise ValidationError({"outcome": f"One of {', '.join(outcomes)}."})
        times = {name: read_time(name, words.pop(name)) for name in ("since", "until")}
        return cls(**words, **times)  # type: ignore[arg-type]

    def as_query(self) -> dict[str, str]:
        """For links and for the record of what was looked at."""
        return {name: str(value) for name, value in asdict(self).items() if value}


def read_time(name: str, text: str) -> datetime | None:
    """`2026-05-03` or `2026-05-03T10:00+02:00`; the end of a day lies after its last second."""
    if not text:
        return None
    try:
        moment = parse_datetime(text) if len(text) > 10 else None
        day = parse_date(text) if moment is None else None
        if day is not None:
            moment = midnight(day + timedelta(days=1) if name == "until" else day)
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        raise ValidationError({name: "Write a day (2026-05-03) or a time (2026-05-03T10:00Z)."})
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


def midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def readable(user: Any) -> QuerySet[Event]:
    """404 for whoever may read no part of the trail."""
    found = watched(user)
    if found is None:
        raise Http404
    return found


def watched(user: Any) -> QuerySet[Event] | None:
    if user.has_perm(READ_TRAIL):
        return Event.objects.all()
    resources = user.visible(apps.get_model(settings.AUDIT_RESOURCE_MODEL), "read_trail")
    if not resources.exists():
        return None
    return Event.objects.filter(resource_id__in=resources.values("pk"))


def events(user: Any, filters: Filters | None = None) -> QuerySet[Event]:
    """Acts, newest first; the diffs under an act are shown with it."""
    asked = filters or Filters()
    found = readable(user).exclude(kind=Event.Kind.CHANGE).filter(matching(asked))
    if asked.text:
        found = found.filter(
            words=SearchQuery(asked.text, config="simple", search_type="websearch")
        )
    return found.defer("words")


def matching(asked: Filters) -> Q:
    wanted = Q()
    if asked.actor:
        wanted &= Q(actor_repr=asked.actor)
    if asked.resource:
        wanted &= Q(resource_path__startswith=as_path(asked.resource))
    if asked.verb:
        wanted &= Q(verb=asked.verb) | Q(verb__startswith=f"{asked.verb}.")
    if asked.outcome:
        wanted &= Q(outcome=asked.outcome)
    if asked.door:
        wanted &= Q(door=asked.door)
    if asked.since:
        wanted &= Q(timestamp__gte=asked.since)
    if asked.until:
        wanted &= Q(timestamp__lt=asked.until)
    return wanted


def as_path(address: str) -> str:
    """`oncology/ct-scans@v3` as the path under which its events lie."""
    inside = address.strip("/").replace("@", "/")
    return f"/{inside}/" if inside else "/"


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


def with_changes(acts: Iterable[Event]) -> list[Event]:
    """The acts of one page, each with the field diffs under it: `grant: closed at`."""
    listed = list(acts)
    known = [act.act for act in listed if act.act is not None]
    found: dict[UUID, dict[str, Any]] = {}
    rows = Event.objects.filter(act__in=known, kind=Event.Kind.CHANGE)
    for row in rows.defer("words").select_related("content_type").order_by("id"):
        under = found.setdefault(row.act, {})  # type: ignore[arg-type]
        noun = row.content_type.name if row.content_type else "row"
        for name, pair in (row.changes or {}).items():
            under[f"{noun}: {name}"] = pair
    for act in listed:
        if act.act is not None:
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
    wrote = Event.objects.filter(these, kind=Event.Kind.CHANGE).values("act")
    acts = readable_events.filter(act__in=wrote, kind=Event.Kind.ACT).defer("words")
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
    found = Event.objects.filter(actor_id=user.pk, verb="session.open", kind=Event.Kind.ACT)
    return list(found.defer("words")[:limit])


def same_request(user: Any, act: Event) -> QuerySet[Event]:
    """Everything else that the same call left."""
    if act.request_id is None:
        return Event.objects.none()
    others = readable(user).exclude(kind=Event.Kind.CHANGE).exclude(pk=act.pk)
    return others.filter(request_id=act.request_id).defer("words").order_by("id")


def per_day(user: Any, filters: Filters, days: int = 30) -> list[tuple[date, int, int]]:
    """Day, allowed, refused or failed: for the chart above the list."""
    first = timezone.localdate() - timedelta(days=days - 1)
    rows = (
        events(user, filters)
        .filter(timestamp__gte=midnight(first))
        .order_by()
        .values(day=TruncDate("timestamp"))
        .annotate(every=Count("id"), bad=Count("id", filter=~Q(outcome=Event.Outcome.OK)))
    )
    found = {row["day"]: (row["every"] - row["bad"], row["bad"]) for row in rows}
    every_day = [first + timedelta(days=step) for step in range(days)]
    return [(day, *found.get(day, (0, 0))) for day in every_day]


def verbs() -> list[str]:
    """What can be filtered for, as far as it has happened."""
    return list(Event.objects.order_by("verb").values_list("verb", flat=True).distinct())


def holds(user: Any) -> QuerySet[Hold]:
    """Those that are open, for who keeps the site."""
    if not user.has_perm("accounts.manage_policies"):
        return Hold.objects.none()
    return Hold.objects.filter(lifted_at=None)


def erasures(user: Any) -> QuerySet[Erasure]:
    """For the two who ask and carry out."""
    if not any(user.has_perm(f"accounts.{p}") for p in ("manage_people", "decide_request")):
        return Erasure.objects.none()
    return Erasure.objects.all()
