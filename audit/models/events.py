"""The one record: acts, the field diffs under them, reads, sign-ins and refusals."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import timedelta
from typing import Any, ClassVar

from auditlog.models import AbstractLogEntry, LogEntryManager
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.search import SearchVectorField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.encoding import smart_str

from audit.context import current, origin, require_act, touch

# What the inverted index holds: words of the first five, the rest as tags such as `door:web`.
SEARCHED = (
    "verb", "actor_repr", "object_repr", "resource_path", "message",
    "purpose", "key", "door", "event_class", "changes",
)  # fmt: skip


INSERT = (
    "insert into audit_event ({0}) select {0} from json_populate_recordset(null::audit_event, %s)"
)


class UuidV7(models.Func):
    """PostgreSQL 18's time-ordered UUID (RFC 9562 §5.7)."""

    function = "uuidv7"
    output_field = models.UUIDField()


def root_model(model: type[models.Model]) -> type[models.Model]:
    """A child of multi-table inheritance answers with its root: a dataset has one history."""
    parents = model._meta.get_parent_list()
    return parents[-1] if parents else model


class EventManager(LogEntryManager):  # type: ignore[misc]  # auditlog ships no types
    """What django-auditlog calls with a field diff."""

    def log_create(self, instance: models.Model, force_log: bool = False, **diff: Any) -> Any:
        require_act(instance)  # comes before the gate of the write itself
        touch(instance)
        model = root_model(type(instance))
        deleted = diff.get("action") == Event.Action.DELETE
        if deleted and model is not type(instance):
            return None  # the root's row tells it; the child's would double it
        changes = diff.pop("changes") or {}
        event = self.model(
            kind=Event.Kind.CHANGE,
            content_type=ContentType.objects.get_for_model(model),
            object_pk=smart_str(instance.pk),
            object_repr=smart_str(instance),
            resource_path=getattr(instance, "resource_path", "/"),
            resource_id=getattr(instance, "resource_pk", None),
            # A copy: what the row holds may be changed in place before the act closes.
            changes={name: deepcopy(list(pair)) for name, pair in changes.items()},
            **diff,
        )
        if act := current():
            event.row, event.spent = instance, set()
            event.stamp()
            act.diffs.append(event)
        return event


class Event(AbstractLogEntry):  # type: ignore[misc]
    """One line of the trail. Inserted, never changed; partitioned by month."""

    row: Any = None  # that a diff is about, while its act is open
    old: Any = None  # as the row stood in the database when its diff was made
    spent: set[type[models.Model]]  # tables that were rewritten on its account
    window: ClassVar[timedelta] = timedelta(days=45)  # a page is looked for in this much time first

    class Kind(models.TextChoices):
        ACT = "act", "act"
        CHANGE = "change", "change under an act"
        OUT_OF_BAND = "out_of_band", "change beside the application"

    class Class(models.TextChoices):
        MANAGEMENT = "management", "management"
        DATA_ACCESS = "data_access", "data access"
        AUTHENTICATION = "authentication", "authentication"
        AUTHORIZATION = "authorization", "authorization"

    class Outcome(models.TextChoices):
        OK = "ok", "ok"
        DENIED = "denied", "denied"
        FAILED = "failed", "failed"

    # Columns of the parent that this product does not use.
    serialized_data = changes_text = cid = additional_data = actor_email = remote_port = None
    object_id = None

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(db_default=UuidV7(), editable=False)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    event_class = models.CharField(max_length=16, choices=Class.choices)
    act = models.UUIDField(null=True)
    verb = models.CharField(max_length=64)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.OK)
    # No constraint and no cascade: nothing may rewrite history. The snapshots stay readable alone.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    actor_repr = models.CharField(max_length=200, blank=True)
    on_behalf_of = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=16, blank=True)
    content_type = models.ForeignKey(
        "contenttypes.ContentType",
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    object_pk = models.CharField(max_length=64, blank=True)
    object_repr = models.TextField(blank=True)
    action = models.PositiveSmallIntegerField(
        choices=AbstractLogEntry.Action.choices, default=AbstractLogEntry.Action.ACCESS
    )
    resource_id = models.BigIntegerField(null=True)
    resource_path = models.TextField(blank=True)
    decision = models.JSONField(default=list)
    purpose = models.CharField(max_length=64, blank=True)
    request_id = models.UUIDField(null=True)
    door = models.CharField(max_length=16)
    remote_addr = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=200, blank=True)
    message = models.TextField(blank=True)
    data = models.JSONField(default=dict)
    timestamp = models.DateTimeField(db_default=Now(), editable=False)
    words = models.GeneratedField(
        expression=models.Func(*SEARCHED, function="audit_words"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects: ClassVar[models.Manager[Event]] = EventManager()

    class Meta:
        # The table itself is made by hand in migration 0001: Django cannot partition.
        db_table = "audit_event"
        ordering = ["-timestamp", "-id"]
        get_latest_by = "timestamp"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.actor_repr} {self.verb} {self.object_repr or self.resource_path}"

    def get_absolute_url(self) -> str:
        return reverse("event", args=[self.uid])

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Once, with what the application has a say in; the rest the database refuses."""
        self.stamp()
        if self.pk is None:
            insert([self])
        else:
            super().save(*args, **kwargs)

    def stamp(self) -> None:
        self._stamp_origin()
        self._stamp_act()

    def _stamp_origin(self) -> None:
        call = origin()
        self.request_id = self.request_id or call.request_id
        self.door = self.door or call.door
        self.remote_addr = self.remote_addr or call.address
        self.agent = self.agent or call.agent
        self.key = self.key or call.key
        if call.note and self.kind == Event.Kind.ACT:
            self.data = self.data | {"operator": call.note}

    def _stamp_act(self) -> None:
        """A diff carries who and why of its act; the act's own event brings them itself."""
        act = current()
        if act is None or self.kind != Event.Kind.CHANGE:
            return
        self.act, self.verb, self.event_class = act.uid, act.verb, act.event_class
        self.actor, self.actor_repr = act.actor, str(act.actor)[:200]
        self.on_behalf_of = act.on_behalf_of
        self.decision = [vars(decision) for decision in act.passed]


def insert(events: list[Event]) -> None:
    """Any number by one statement of one parameter: building SQL for each costs more. What has a
    default is the database's to say: the application may not name it."""
    if not events:
        return
    fields = Event._meta.concrete_fields
    given = [f for f in fields if not (f.generated or f.primary_key or f.has_db_default())]
    names = [field.attname for field in given]
    rows = [{name: getattr(event, name) for name in names} for event in events]
    with connection.cursor() as cursor:
        text = json.dumps(rows, cls=DjangoJSONEncoder)
        cursor.execute(INSERT.format(", ".join(names)), [text])
