"""Keys: issued and revoked. The secret leaves this module once, in the answer to its maker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import keys, mail, rules
from accounts.decision import CLIENT_CREDENTIALS, check, own, site
from accounts.keyring import revoke_keys
from accounts.models import ApiKey, ApiKeySecret, Resource, User
from accounts.permissions import Permission
from audit import context
from audit.acts import action
from audit.models import Event

TOKEN_LIFE = timedelta(minutes=15)


@dataclass(frozen=True)
class Issued:
    """A key and its secret, which nobody can show again."""

    key: ApiKey
    secret: str

    def __repr__(self) -> str:
        return f"<Issued {self.key}>"


@action("key.issue", Event.Class.AUTHENTICATION)
def issue(
    owner: User,
    *,
    name: str,
    scopes: list[str],
    expires_at: datetime,
    within: Resource | None = None,
    kind: str = "",
    by: User,
) -> Issued:
    """To oneself, or to a service one answers for."""
    require_keeper(owner, by)
    kind = kind or (ApiKey.Kind.PERSONAL if owner.is_human else ApiKey.Kind.SERVICE)
    fits = kind in ApiKey.Kind.values and kind != ApiKey.Kind.TOKEN
    if not fits or owner.is_human != (kind == ApiKey.Kind.PERSONAL):
        raise ValidationError({"kind": "People have personal keys, services the other kinds."})
    return mint(owner, kind, name, scopes, expires_at, within, by)


@action("key.issue_by_operator", Event.Class.AUTHENTICATION)
def issue_by_operator(
    owner: User, *, name: str, scopes: list[str], expires_at: datetime, by: User
) -> Issued:
    """At the console of the host only; the person whose key it is hears of it."""
    check(by, Permission.MANAGE_KEYS, site())
    kind = ApiKey.Kind.PERSONAL if owner.is_human else ApiKey.Kind.SERVICE
    issued = mint(owner, kind, name, scopes, expires_at, None, by)
    mail.key_issued(issued.key)
    return issued


@action("key.exchange", Event.Class.AUTHENTICATION)
def exchange(client: ApiKey, *, scopes: list[str], by: User) -> Issued:
    """A short-lived key for the client secret of a service (RFC 6749 §4.4)."""
    if client.kind != ApiKey.Kind.CLIENT or client.owner_id != by.pk or client.status != "active":
        raise rules.OwnSide("A service exchanges a live client secret of its own.")
    by.credential = client  # what follows is cut to the scopes of the secret
    own(by, (scopes := scopes or client.scopes)[0], by.resource_path, rule=CLIENT_CREDENTIALS)
    until = min(client.expires_at, timezone.now() + TOKEN_LIFE)
    return mint(by, ApiKey.Kind.TOKEN, client.name, scopes, until, client.within, by)


@action("key.revoke", Event.Class.AUTHENTICATION)
def revoke(key: ApiKey, *, reason: str = "", by: User) -> ApiKey:
    """Gives nothing from the next request on."""
    if not rules.on_side(by, key.owner):
        check(by, Permission.MANAGE_KEYS, site())
    else:
        own(by, Permission.MANAGE_KEYS, key.owner.resource_path)
    key = ApiKey.objects.select_for_update().get(pk=key.pk)
    if key.revoked_at is not None:
        raise ValidationError("This key is revoked already.", code="conflict")
    revoke_keys([key], by=by)
    if key.kind == ApiKey.Kind.CLIENT:
        tokens = ApiKey.objects.live().filter(owner=key.owner, kind=ApiKey.Kind.TOKEN)
        revoke_keys(tokens, by=by)
    context.say(reason)
    return key


def require_keeper(owner: User, by: User) -> None:
    if owner == by:
        own(by, Permission.MANAGE_KEYS, owner.resource_path)
    elif owner.kind == User.Kind.SERVICE and owner.service_account.owner_id == by.pk:
        own(by, Permission.MANAGE_KEYS, owner.resource_path, rule="service_owner")
    else:
        raise rules.OwnSide(f"Only {owner} or whoever answers for it can make this key.")


def mint(
    owner: User,
    kind: str,
    name: str,
    scopes: list[str],
    expires_at: datetime,
    within: Resource | None,
    by: User,
) -> Issued:
    rules.require_active(owner)
    key = ApiKey(
        owner=owner,
        kind=kind,
        name=name,
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
        within=within,
        created_by=by,
    )
    rules.require_key_limits(key, by)
    key.full_clean(exclude=["created_by"])
    key.save()
    token, pepper_id = keys.mint(kind), keys.newest_pepper()
    ApiKeySecret(
        key=key, kid=token.kid, digest=keys.digest(token, pepper_id), pepper_id=pepper_id
    ).save()
    context.say(f"{key.get_kind_display()} {token.kid}", scopes=key.scopes)
    return Issued(key, token.text)
