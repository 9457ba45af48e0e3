"""Service accounts: users that no person signs in as, each with a person who answers for it."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from accounts import rules
from accounts.decision import check, site
from accounts.keyring import revoke_keys
from accounts.models import ApiKey, ServiceAccount, User
from accounts.permissions import Permission
from audit.acts import action


@action("service.register")
def register(*, username: str, owner: User, description: str = "", by: User) -> ServiceAccount:
    check(by, Permission.MANAGE_PEOPLE, site())
    require_answerable(owner)
    user = User(username=username, kind=User.Kind.SERVICE)
    user.set_unusable_password()
    user.full_clean(exclude=["password"])
    user.save()
    service = ServiceAccount(user=user, owner=owner, description=description)
    service.save()
    return service


@action("service.hand_over")
def hand_over(service: ServiceAccount, owner: User, *, by: User) -> ServiceAccount:
    """To somebody else than oneself: whoever answers for a service can mint its keys."""
    check(by, Permission.MANAGE_PEOPLE, site())
    require_answerable(owner)
    rules.require_other_side(by, owner)
    service.owner = owner
    service.save(update_fields=["owner"])
    revoke_keys(ApiKey.objects.live().filter(owner=service.user), by=by)  # whoever kept a secret
    return service


def require_answerable(owner: User) -> None:
    if not owner.is_human or not owner.is_active:
        raise ValidationError({"owner": "Name an active person who answers for the service."})
