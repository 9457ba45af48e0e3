"""Conditions on properties of a question, and properties that we know ourselves."""

from __future__ import annotations

import json
import uuid

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from accounts.models import Resource, User
from audit.governed import Governed, GovernedQuerySet
from gateway.models.names import foreign_name

property_name = RegexValidator(
    r"\A[A-Za-z_][A-Za-z0-9_.-]*\Z", "Use letters, digits and . _ - only, a letter first."
)


class Source(models.TextChoices):
    SUBJECT = "subject", "subject"
    RESOURCE = "resource", "resource"
    ACTION = "action", "action"
    CONTEXT = "context", "context"


class Operator(models.TextChoices):
    IS = "is", "is"
    IS_NOT = "is_not", "is not"
    IN = "in", "is one of"
    NOT_IN = "not_in", "is none of"
    AT_LEAST = "at_least", "is at least"
    AT_MOST = "at_most", "is at most"


MUST = {
    Operator.IS: "must be",
    Operator.IS_NOT: "must not be",
    Operator.IN: "must be one of",
    Operator.NOT_IN: "must be none of",
    Operator.AT_LEAST: "must be at least",
    Operator.AT_MOST: "must be at most",
}


class Condition(Governed):
    """When `resource.status` is "archived", then `subject.role` must be "admin".

    It only ever narrows: what no grant gives, no property gives.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    resource_type = models.CharField(max_length=100, validators=[foreign_name])
    action = models.CharField(max_length=100, validators=[foreign_name])
    when_source = models.CharField(max_length=8, choices=Source.choices, blank=True)
    when_name = models.CharField(max_length=100, blank=True, validators=[property_name])
    when_operator = models.CharField(max_length=8, choices=Operator.choices, blank=True)
    when_value = models.JSONField(null=True, blank=True)
    must_source = models.CharField(max_length=8, choices=Source.choices)
    must_name = models.CharField(max_length=100, validators=[property_name])
    must_operator = models.CharField(max_length=8, choices=Operator.choices)
    must_value = models.JSONField()

    objects = GovernedQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        ordering = ["resource_type", "action", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(when_source="", when_name="", when_operator="", when_value__isnull=True)
                | ~Q(when_source="") & ~Q(when_name="") & ~Q(when_operator=""),
                name="condition_when_is_whole",
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} of {self.resource_type}: {self.words}"

    @property
    def words(self) -> str:
        must = (
            f"{self.must_source}.{self.must_name} {MUST[Operator(self.must_operator)]}"
            f" {json.dumps(self.must_value)}"
        )
        if not self.when_source:
            return must
        when = (
            f"{self.when_source}.{self.when_name} {self.get_when_operator_display()}"
            f" {json.dumps(self.when_value)}"
        )
        return f"when {when}, {must}"


class Fact(Governed):
    """A property of a subject or resource that we know: it outweighs what a question claims."""

    named_after = "user"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="facts")
    resource = models.ForeignKey(
        Resource, models.PROTECT, null=True, blank=True, related_name="facts"
    )
    name = models.CharField(max_length=100, validators=[property_name])
    value = models.JSONField()

    objects = GovernedQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(user=None) ^ Q(resource=None), name="fact_is_about_one"
            ),
            models.UniqueConstraint(
                fields=["user", "resource", "name"],
                name="fact_once",
                nulls_distinct=False,
                violation_error_code="conflict",
                violation_error_message="This is known already: remove the old value first.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.user or self.resource}"
