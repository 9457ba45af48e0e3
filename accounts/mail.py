"""What people are told by mail, after the change has been committed."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse

from accounts.models import ApiKey, Grant, User
from accounts.post import send
from audit.doors.tasks import after_commit


def tell(people: list[User], template: str, **words: Any) -> None:
    """Names and addresses now, the sending later, when the change stands."""
    addresses = sorted({person.email for person in people if person.is_active and person.email})
    if addresses:
        after_commit(send, addresses, template, words | {"site": settings.PUBLIC_URL})


def answerable(user: User) -> list[User]:
    """Whoever reads mail for this subject."""
    return [user.service_account.owner] if user.kind == User.Kind.SERVICE else [user]


def invited(user: User, by: User) -> None:
    tell(
        [user], "invited", name=user.label, username=user.username, by=by.label, link=welcome(user)
    )


def welcome(user: User) -> str:
    """A link that sets the first password; it ends with the first use or after three days."""
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    uid, _, token = key.partition("-")
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
    return f"{settings.PUBLIC_URL}{path}"


def password_changed(user: User) -> None:
    tell([user], "password_changed", name=user.label)


def granted(grant: Grant) -> None:
    if grant.user is not None:
        tell(answerable(grant.user), "denied" if denies(grant) else "granted", **facts(grant))


def revoked(grant: Grant) -> None:
    if grant.user is not None:
        tell(answerable(grant.user), "lifted" if denies(grant) else "revoked", **facts(grant))


def suspended(grant: Grant, reason: str) -> None:
    if grant.user is not None:
        tell(answerable(grant.user), "suspended", **facts(grant) | {"reason": reason})


def resumed(grant: Grant) -> None:
    if grant.user is not None:
        tell(answerable(grant.user), "resumed", **facts(grant))


def key_issued(key: ApiKey) -> None:
    tell(
        answerable(key.owner),
        "key_issued",
        owner=key.owner.label,
        by=key.created_by.label,
        key=key.name,
        scopes=", ".join(key.scopes),
    )


def denies(grant: Grant) -> bool:
    return grant.effect == Grant.Effect.DENY


def facts(grant: Grant) -> dict[str, Any]:
    """All that bounds it: what a mail leaves out, its reader takes for given."""
    return {
        "subject": str(grant.subject),
        "role": grant.role.name,
        "resource": grant.resource.address,
        "permissions": ", ".join(sorted(grant.role.codenames())),
        "versions": grant.versions,
        "purpose": grant.get_purpose_display().lower(),
        "until": f"{grant.expires_at:%-d %b %Y, %H:%M} UTC" if grant.expires_at else "",
        "reason": grant.closed_reason or grant.reason,
    }
