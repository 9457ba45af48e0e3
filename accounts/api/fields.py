"""Names in a body, looked up as what the caller may name; and how subjects are shown."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts import queries
from accounts.models import Resource, Role, User
from accounts.permissions import Permission
from audit.queries import as_path

SITE = "site"  # the address of everything
WHERE = "An address (`project/name@v3`, `site` for everything) or a uid."


def lookup(text: str) -> dict[str, Any]:
    """How the resource that is named here is found."""
    if text == SITE:
        return {"kind": "root"}
    try:
        return {"uid": UUID(text)}
    except ValueError:
        return {"path": as_path(text)}


class Named(serializers.CharField):
    """A name that becomes the row it names; what may not be seen cannot be named either."""

    what = ""

    def found(self, user: User, name: str) -> Any:
        raise NotImplementedError

    def to_internal_value(self, data: Any) -> Any:
        name = super().to_internal_value(data)
        self.run_validators(name)  # NUL and the like: before the database sees them
        found = self.found(self.context["request"].user, name)
        if found is None:
            raise serializers.ValidationError(f"There is no {self.what} {name} that you may name.")
        return found

    def run_validation(self, data: Any = serializers.empty) -> Any:
        is_empty, value = self.validate_empty_values(data)
        return value if is_empty else self.to_internal_value(data)


class ResourceField(Named):
    what = "resource"

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", WHERE)
        super().__init__(max_length=500, **kwargs)

    def found(self, user: User, name: str) -> Resource | None:
        try:
            return queries.find(user, Permission.DISCOVER, **lookup(name))
        except Http404:
            return None


class RoleField(Named):
    what = "role"

    def found(self, user: User, name: str) -> Role | None:
        return queries.roles(user).filter(slug=name).first()


class PersonField(Named):
    """A person or service, by user name."""

    what = "user"

    def found(self, user: User, name: str) -> User | None:
        return self.among(user).filter(username=name).first()

    def among(self, user: User) -> QuerySet[User]:
        """The deactivated too: why they get nothing is for a rule to say."""
        return queries.colleagues(user) | queries.people(user)


class OwnField(PersonField):
    """Oneself, or a service that one answers for."""

    what = "user or service of yours"

    def among(self, user: User) -> QuerySet[User]:
        return queries.own_subjects(user)


class GroupField(Named):
    what = "group"

    def found(self, user: User, name: str) -> Group | None:
        return queries.groups(user).filter(name=name).first()


@extend_schema_field(str)
class SubjectField(serializers.Field[Any, Any, Any, Any]):
    """`bob`, or `group:researchers`."""

    def to_representation(self, value: User | Group) -> str:
        return f"group:{value.name}" if isinstance(value, Group) else value.username


def name_of(source: str) -> serializers.CharField:
    return serializers.CharField(source=f"{source}.username", read_only=True)
