"""THE decision as a question, and who one is."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import queries
from accounts.api.fields import WHERE, lookup
from accounts.decision import Decision
from accounts.models import ApiKey, User
from accounts.permissions import Permission
from accounts.purposes import Purpose
from audit.doors.rest import StrictSerializer, require_known


class Question(StrictSerializer):
    permission = serializers.ChoiceField(Permission.choices)
    resource = serializers.CharField(max_length=500, help_text=WHERE)
    purpose = serializers.ChoiceField(Purpose.choices, required=False)
    subject = serializers.CharField(
        max_length=64,
        required=False,
        help_text="User name; another one than yours needs `review` there.",
    )


class Answer(serializers.Serializer[Decision]):
    allowed = serializers.BooleanField()
    reason = serializers.CharField()
    grant = serializers.UUIDField(source="grant_id", allow_null=True)
    role = serializers.CharField()
    purpose = serializers.CharField()


class Decide(APIView):
    @extend_schema(request=Question, responses=Answer, operation_id="decide", tags=["decide"])
    def post(self, request: Request) -> Response:
        """May they? With the reason, and what it rests on."""
        require_known(request.query_params, ())
        asked = Question(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        told: dict[str, Any] = dict(asked.validated_data)
        where = lookup(told.pop("resource"))
        permission = told.pop("permission")
        user: Any = request.user
        return Response(Answer(queries.verdict(user, permission, **told, **where)).data)


class KeyInUse(serializers.ModelSerializer[ApiKey]):
    within = serializers.CharField(source="within.address", allow_null=True, default=None)

    class Meta:
        model = ApiKey
        fields = ("id", "kind", "name", "scopes", "within", "expires_at")


class Me(serializers.ModelSerializer[User]):
    key = KeyInUse(source="credential", allow_null=True)
    groups = serializers.SerializerMethodField()
    now = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ("id", "username", "name", "email", "kind", "groups", "key", "now")

    def get_groups(self, user: User) -> list[str]:
        return [row.group.name for row in queries.current_memberships(user, user)]

    def get_now(self, user: User) -> str:
        return timezone.now().isoformat()


class WhoAmI(APIView):
    @extend_schema(responses=Me, operation_id="whoami", tags=["whoami"])
    def get(self, request: Request) -> Response:
        require_known(request.query_params, ())
        user: Any = request.user
        return Response(Me(user).data)
