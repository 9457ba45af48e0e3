"""POST /oauth/token: a service changes its client secret for a short-lived key (RFC 6749 §4.4).

The grammar and the errors are Authlib's; clients, secrets and keys are ours. The secret names its
owner, so the client id is only compared: nothing here tells whether an id exists.
"""

from __future__ import annotations

from typing import Any, NoReturn

from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Request, grants
from authlib.oauth2.rfc6749.errors import (
    InvalidClientError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Error,
)
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6749.util import extract_basic_authorization, scope_to_list
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actions import keys
from accounts.adapter import Nobody
from accounts.authentication import find_key
from accounts.lockout import account_of
from accounts.models import ApiKey
from audit.acts import describe
from audit.context import Act, origin
from audit.doors.limits import Limit, TooMany, Uncounted, network
from audit.doors.rest import StrictFormParser
from audit.models import Event
from audit.refusals import keep
from audit.typed import digest

BY_ADDRESS = Limit("token-address", 60)  # before anything is looked up
BY_CLIENT = Limit("token-client", 30)  # of who showed the secret, so that nobody shuts another out
METHODS = ("client_secret_basic", "client_secret_post")
REFUSED = "Unknown client, or a secret that is wrong, revoked or expired."


class Client(ClientMixin):  # type: ignore[misc]  # Authlib ships no types
    """Whoever says that they are `client_id`; `key` once their secret has shown it."""

    key: ApiKey

    def __init__(self, client_id: str) -> None:
        self.client_id = client_id

    def check_client_secret(self, secret: str) -> bool:
        try:
            key = find_key(secret)
        except exceptions.AuthenticationFailed:
            return False
        self.key = key
        named = self.client_id in (key.owner.username, str(key.owner.pk))
        return named and key.kind == ApiKey.Kind.CLIENT

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in METHODS

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "client_credentials"


class Grant(grants.ClientCredentialsGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = list(METHODS)

    def validate_requested_scope(self) -> None:
        """Authlib would drop what is too much and answer with less; here it is an error."""
        asked = scope_to_list(self.request.payload.scope) or []
        if set(asked) - set(self.request.client.key.scopes):
            raise InvalidScopeError

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        key: ApiKey = self.request.client.key
        scopes = scope_to_list(self.request.payload.scope) or []
        spend(BY_CLIENT, key.owner.username)
        try:
            issued = keys.exchange(key, scopes=scopes, by=key.owner)
        except (PermissionDenied, ValidationError):  # revoked between the check and here
            refuse()
        left = (issued.key.expires_at - timezone.now()).total_seconds()
        body = {
            "access_token": issued.secret,
            "token_type": "Bearer",
            "expires_in": max(0, int(left)),
            "scope": " ".join(issued.key.scopes),
        }
        return 200, body, self.TOKEN_RESPONSE_HEADER


class Asked(OAuth2Request):  # type: ignore[misc]
    """The request in Authlib's form: the body only, nothing twice, nothing in the address."""

    def __init__(self, request: Request) -> None:
        super().__init__("POST", settings.PUBLIC_URL + request.path, headers=request.headers)
        sent: Any = request.data
        if request.GET or any(len(sent.getlist(name)) > 1 for name in sent):
            raise InvalidRequestError("Send each parameter once, in the body.")
        if "client_secret" in sent and "Authorization" in request.headers:
            raise InvalidRequestError("Authenticate in one way, not in two.")
        self.posted = {name: sent[name] for name in sent}
        self.payload = BasicOAuth2Payload(self.posted)

    @property
    def form(self) -> dict[str, str]:
        return self.posted


class Server(AuthorizationServer):  # type: ignore[misc]
    def query_client(self, client_id: str) -> Client:
        return Client(client_id)

    def authenticate_client(self, request: Any, methods: Any, endpoint: str = "token") -> Client:
        try:
            found: Client = super().authenticate_client(request, methods, endpoint)
        except (InvalidClientError, ValueError):  # ValueError: a header that is no Basic
            refuse()
        return found

    def create_oauth2_request(self, request: Request) -> Asked:
        return Asked(request)

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Response:
        return Response(body, status=status, headers=dict(headers))

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """The trail is where it is told."""


def refuse() -> NoReturn:
    raise InvalidClientError(REFUSED, status_code=401)


server = Server()
server.register_grant(Grant)


def record(name: str, reason: str, message: str) -> None:
    """A failed attempt, of the account that was named or under a digest of what was sent."""
    act = Act("key.exchange", Event.Class.AUTHENTICATION, Nobody(name), message=message)
    row = {"outcome": Event.Outcome.DENIED, "resource_path": "/~people/"}
    keep(describe(act, None) | row | {"data": {"reason": reason}})


def spend(limit: Limit, key: str) -> None:
    try:
        limit.spend(key)
    except (TooMany, Uncounted) as error:
        record(key, error.reason, str(error.detail))
        raise


def claimed(request: Request) -> str:
    sent: Any = request.data
    try:
        name, _ = extract_basic_authorization(request.headers)
    except ValueError:  # a header that is no Basic
        name = None
    text = str(name or sent.get("client_id") or "")
    if not text:
        return "unknown"
    typed, account = account_of({"username": text})  # a secret lands in the wrong field, too
    return account.username if account else digest(typed)


class TokenForm(serializers.Serializer[Any]):
    grant_type = serializers.ChoiceField(["client_credentials"])
    scope = serializers.CharField(required=False, help_text="Separated by spaces.")
    client_id = serializers.CharField(required=False, help_text="Unless sent as HTTP Basic.")
    client_secret = serializers.CharField(required=False, help_text="Unless sent as HTTP Basic.")


class TokenOut(serializers.Serializer[Any]):
    access_token = serializers.CharField()
    token_type = serializers.ChoiceField(["Bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds, at most 900.")
    scope = serializers.CharField()


class Token(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (StrictFormParser,)

    @extend_schema(
        request={"application/x-www-form-urlencoded": TokenForm},
        responses=TokenOut,
        operation_id="token",
        auth=[{"client": []}],  # type: ignore[list-item]
        tags=["oauth"],
    )
    def post(self, request: Request) -> Response:
        """A key of at most 15 minutes for the client secret of a service."""
        spend(BY_ADDRESS, network(origin().address))
        try:
            answer: Response = server.create_token_response(request)
        except OAuth2Error as error:  # of the request itself, before Authlib's own handling
            answer = server.handle_response(*error())
        if answer.status_code >= 400:
            told = answer.data
            record(claimed(request), told["error"], str(told.get("error_description", "")))
        answer["Cache-Control"], answer["Pragma"] = "no-store", "no-cache"
        return answer
