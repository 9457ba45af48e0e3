"""Keys: the secret stands in the answer to the POST that made it, and nowhere else."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries
from accounts.actions import keys
from accounts.api.fields import OwnField, ResourceField, name_of
from accounts.api.grants import Why
from accounts.models import ApiKey
from accounts.permissions import Permission
from audit.doors.noun import Door, op
from audit.doors.rest import StrictSerializer


class KeyOut(serializers.ModelSerializer[ApiKey]):
    owner = name_of("owner")
    within = serializers.CharField(source="within.address", allow_null=True, default=None)
    status = serializers.CharField()
    key_ids = serializers.SerializerMethodField()
    last_used_at = serializers.DateTimeField(
        source="use.last_used_at", allow_null=True, default=None
    )

    class Meta:
        model = ApiKey
        fields = (
            "id", "kind", "owner", "name", "scopes", "within", "status", "created_at",
            "expires_at", "revoked_at", "key_ids", "last_used_at",
        )  # fmt: skip

    def get_key_ids(self, key: ApiKey) -> list[str]:
        return [secret.kid for secret in key.secrets.all()]


class MadeKey(KeyOut):
    """With the secret, this once."""

    secret = serializers.CharField()

    class Meta(KeyOut.Meta):
        fields = (*KeyOut.Meta.fields, "secret")  # type: ignore[assignment]


class KeyIn(StrictSerializer):
    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(child=serializers.ChoiceField(Permission.choices))
    expires_at = serializers.DateTimeField()
    within = ResourceField(required=False)
    owner = OwnField(required=False, help_text="A service of yours; you, when left out.")
    kind = serializers.ChoiceField(
        [("p", "personal key"), ("s", "service key"), ("c", "client secret")], required=False
    )


class KeyDoor(Door):
    lookup_field = "pk"
    shown = KeyOut

    def rows(self) -> QuerySet[ApiKey]:
        return queries.keys(self.user).prefetch_related("secrets")

    @op(KeyIn, MadeKey, 201)
    def create(self, request: Request) -> Response:
        asked = self.body()
        owner = asked.pop("owner", self.user)
        issued = keys.issue(owner, by=self.user, **asked)
        issued.key.secret = issued.secret  # type: ignore[attr-defined]  # for this answer only
        answer = self.made(issued.key, MadeKey)
        answer["Cache-Control"] = "no-store"
        return answer

    @op(Why, KeyOut)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: Any) -> Response:
        return self.show(keys.revoke(self.get_object(), by=self.user, **self.body()))
