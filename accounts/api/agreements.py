"""Agreements and who has signed them: defined, recorded by somebody else, withdrawn."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries
from accounts.actions import agreements
from accounts.api.fields import Named, PersonField, name_of
from accounts.api.grants import Why
from accounts.models import Agreement, Signature, User
from audit.doors.noun import Door, op, words
from audit.doors.rest import StrictSerializer


class AgreementField(Named):
    what = "agreement"

    def found(self, user: User, name: str) -> Agreement | None:
        return queries.agreements(user).filter(slug=name).first()


class AgreementOut(serializers.ModelSerializer[Agreement]):
    class Meta:
        model = Agreement
        fields = ("slug", "kind", "title", "text", "days", "created_at")


class AgreementIn(StrictSerializer):
    slug = serializers.SlugField(max_length=50)
    kind = serializers.ChoiceField(Agreement.Kind.choices)
    title = serializers.CharField(max_length=200)
    text = serializers.CharField(required=False, allow_blank=True, max_length=100_000)
    days = serializers.IntegerField(
        required=False, min_value=1, max_value=36_500, help_text="For how long a signature is good."
    )


class AgreementDoor(Door):
    lookup_field = "slug"
    lookup_value_converter = "slug"
    shown = AgreementOut

    def rows(self) -> QuerySet[Agreement]:
        return queries.agreements(self.user)

    @op(AgreementIn, AgreementOut, 201)
    def create(self, request: Request) -> Response:
        return self.made(agreements.define(by=self.user, **self.body()))


class SignatureOut(serializers.ModelSerializer[Signature]):
    agreement = serializers.CharField(source="agreement.slug")
    user = name_of("user")
    status = serializers.CharField()
    opened_by = name_of("opened_by")

    class Meta:
        model = Signature
        fields = (
            "id", "agreement", "user", "status", "evidence", "opened_at", "opened_by", "expires_at",
            "closed_at",
        )  # fmt: skip


class SignatureIn(StrictSerializer):
    agreement = AgreementField()
    user = PersonField(help_text="Who signed: a person, and not on your own side.")
    evidence = serializers.CharField(required=False, allow_blank=True, max_length=500)
    expires_at = serializers.DateTimeField(required=False)


FILTERS = words(agreement="Slug of an agreement.", user="User name.")


class SignatureDoor(Door):
    lookup_field = "pk"
    shown = SignatureOut

    def rows(self) -> QuerySet[Signature]:
        found = queries.signatures(self.user)
        if slug := self.asked("agreement"):
            found = found.filter(agreement__slug=slug)
        if name := self.asked("user"):
            found = found.filter(user__username=name)
        return found

    @extend_schema(parameters=FILTERS)
    def list(self, request: Request, **address: Any) -> Response:
        return super().list(request)

    @op(SignatureIn, SignatureOut, 201)
    def create(self, request: Request) -> Response:
        asked = self.body()
        agreement, user = asked.pop("agreement"), asked.pop("user")
        return self.made(agreements.record(agreement, user, by=self.user, **asked))

    @op(Why, SignatureOut)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: Any) -> Response:
        """What requires it is closed from the next request on."""
        return self.show(agreements.withdraw(self.get_object(), by=self.user, **self.body()))
