"""What a resource was, from when to when: its own state, and all that a decision asks of it."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, F, OuterRef, Q, Subquery, When
from django.utils import timezone

from accounts.models.resources import Resource
from accounts.models.vocabulary import Classification, State
from audit.governed import Governed, GovernedQuerySet


class StatePeriod(Governed):
    """Which state a resource was in, from when to when."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    resource = models.ForeignKey(Resource, models.PROTECT, related_name="periods")
    state = models.CharField(max_length=12, choices=State.choices)
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = GovernedQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["resource"], name="one_state", condition=Q(closed_at=None)
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closed_at__gte=F("opened_at")),
                name="state_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource} {self.state}"

    @property
    def resource_path(self) -> str:
        return self.resource.path

    @property
    def resource_pk(self) -> int:
        return self.resource_id


class Standing(models.Model):
    """All that a decision asks of a resource, its own and inherited through tree and lineage.

    Written by the database whenever a resource changes (accounts/migrations/sql/standings.sql).
    A row holds for a time, so that "as of" is a query.
    """

    derived = True

    resource = models.ForeignKey(Resource, models.PROTECT, related_name="standings", db_index=False)
    number = models.PositiveIntegerField(null=True)
    ancestors = ArrayField(models.BigIntegerField())
    blocked = models.CharField(max_length=12, blank=True)  # the nearest withdrawn or retired state
    hidden = models.BooleanField()  # a draft, or lies in one
    flagged = models.BooleanField()  # made from something withdrawn
    classification = models.CharField(max_length=12, choices=Classification.choices)
    categories = ArrayField(models.CharField(max_length=32))
    barred = ArrayField(models.CharField(max_length=32))  # purposes that some level does not permit
    agreements = ArrayField(models.CharField(max_length=50))
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    plain = models.GeneratedField(  # used by whoever has a row: nothing else is asked
        expression=Q(blocked="", barred=[], agreements=[]),  # type: ignore[arg-type]
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["resource"],
                name="one_standing",
                condition=Q(closed_at=None),
                include=["hidden", "plain"],
            ),
        ]
        indexes = [
            GinIndex(fields=["ancestors"], name="standing_below", condition=Q(closed_at=None)),
            models.Index(fields=["resource", "opened_at"], name="standing_history"),
        ]

    def __str__(self) -> str:
        return f"{self.resource} from {self.opened_at:%Y-%m-%d %H:%M}"


def counts_as(resource: str = "pk") -> Subquery:
    """The strictest classification of each row of a list: inherited, or of a version in it.

    Bytes are a version's, and a version may have been made from what is stricter than its dataset.
    """
    this = OuterRef(OuterRef(resource))
    inside = Resource.objects.filter(Q(pk=this) | Q(parent=this)).values("pk")
    now = Standing.objects.filter(resource__in=inside, closed_at=None)
    shown = now.filter(Q(hidden=False) | Q(resource=OuterRef(resource)))
    rank = Case(*(When(classification=c, then=n) for n, c in enumerate(Classification.values)))
    return Subquery(shown.order_by(rank.desc()).values("classification")[:1])
