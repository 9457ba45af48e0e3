"""Agreements: defined, recorded for a person by somebody else, withdrawn."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import rules
from accounts.decision import check, own, site
from accounts.models import Agreement, Signature, User
from accounts.permissions import Permission
from audit import context
from audit.acts import action
from audit.models import Event


@action("agreement.define")
def define(
    *, slug: str, kind: str, title: str, text: str = "", days: int = 365, by: User
) -> Agreement:
    check(by, Permission.MANAGE_POLICIES, site())
    agreement = Agreement(slug=slug, kind=kind, title=title, text=text, days=days)
    agreement.full_clean()
    agreement.save()
    return agreement


@action("agreement.record", Event.Class.AUTHORIZATION)
def record(
    agreement: Agreement,
    user: User,
    *,
    evidence: str = "",
    expires_at: datetime | None = None,
    by: User,
) -> Signature:
    """That somebody signed, was approved or trained. It opens data, so nobody does it alone."""
    check(by, Permission.MANAGE_POLICIES, site())
    rules.require_other_side(by, user)
    rules.require_active(user)
    if not user.is_human:
        raise ValidationError({"user": "A service stands on what its person signed: name them."})
    expires_at = expires_at or timezone.now() + timedelta(days=agreement.days)
    rules.require_window(None, expires_at)
    for earlier in Signature.objects.filter(agreement=agreement, user=user, closed_at=None):
        close(earlier, by)
    signature = Signature(
        agreement=agreement, user=user, evidence=evidence, expires_at=expires_at, opened_by=by
    )
    signature.full_clean(exclude=["opened_by"])
    signature.save()
    context.say(evidence)
    return signature


@action("agreement.withdraw", Event.Class.AUTHORIZATION)
def withdraw(signature: Signature, *, reason: str = "", by: User) -> Signature:
    """What requires it is closed from the next request on; the person may do this too."""
    if signature.user_id == by.pk:
        own(by, Permission.DISCOVER, signature.resource_path, rule="renounce")
    else:
        check(by, Permission.MANAGE_POLICIES, site())
    signature = Signature.objects.select_for_update(of=("self",)).get(pk=signature.pk)
    if signature.status != "active":
        raise ValidationError(f"This is {signature.status} already.", code="conflict")
    close(signature, by)
    context.say(reason)
    return signature


def close(signature: Signature, by: User) -> None:
    signature.closed_at, signature.closed_by = timezone.now(), by
    signature.save(update_fields=["closed_at", "closed_by"])
