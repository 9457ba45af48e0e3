"""When: which state follows which, and what must be known before data is published."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from accounts.models import Grant, Resource, Standing, User
from accounts.models.vocabulary import Category, Classification, Kind, State
from accounts.permissions import Permission
from accounts.rules import side

TRANSITIONS: dict[Kind, dict[State, tuple[State, ...]]] = {
    Kind.PROJECT: {State.ACTIVE: (State.RETIRED,), State.RETIRED: (State.ACTIVE,)},
    Kind.DATASET: {
        State.DRAFT: (State.PUBLISHED, State.RETIRED),
        State.PUBLISHED: (State.DEPRECATED, State.WITHDRAWN),
        State.DEPRECATED: (State.PUBLISHED, State.WITHDRAWN, State.RETIRED),
        State.WITHDRAWN: (State.PUBLISHED, State.RETIRED),
        State.RETIRED: (),
    },
    Kind.VERSION: {
        State.PENDING: (State.APPROVED, State.WITHDRAWN),
        State.APPROVED: (State.WITHDRAWN,),
        State.WITHDRAWN: (),
    },
}
TRANSITIONS[Kind.MODEL] = TRANSITIONS[Kind.DATASET]

PERSONAL = frozenset({Category.PERSONAL, Category.SPECIAL, Category.HEALTH, Category.CHILDREN})


def next_states(resource: Resource) -> tuple[State, ...]:
    return TRANSITIONS.get(Kind(resource.kind), {}).get(State(resource.state), ())


def reopens(resource: Resource, state: str) -> bool:
    """What was withdrawn gives nothing; to publish it again is to protect it less."""
    return resource.state == State.WITHDRAWN and state == State.PUBLISHED


def keeper(resource: Resource, state: str) -> Permission:
    """Who moves it there."""
    if resource.kind == Kind.PROJECT:
        return Permission.MANAGE_POLICIES
    return Permission.DECIDE_REQUEST if reopens(resource, state) else Permission.GRANT


def require_transition(resource: Resource, state: str) -> None:
    allowed = next_states(resource)
    if state not in allowed:
        way = f"from here: {', '.join(allowed)}" if allowed else "this is its last state"
        message = f"{resource.state} cannot become {state}; {way}."
        raise ValidationError({"state": ValidationError(message, code="conflict")})


def require_publishable(resource: Resource) -> None:
    """Personal data needs a legal basis and a purpose (GDPR Art. 5(1)(b), 6, 9)."""
    categories = set(resource.categories)
    missing = {}
    if categories & PERSONAL and not resource.lawful_basis:
        missing["lawful_basis"] = "Personal data needs a legal basis (GDPR Art. 6)."
    if resource.is_sensitive and not resource.special_basis:
        missing["special_basis"] = "Special-category data needs a basis of GDPR Art. 9."
    if categories & PERSONAL and not resource.permitted_purposes:
        missing["permitted_purposes"] = "Personal data needs at least one permitted purpose."
    if missing:
        raise ValidationError(missing)


ORDER = Classification.values


def loosens(before: Resource, after: Resource) -> bool:
    """Does this protect less than it did? Then it is not for those who edit to decide."""
    permitted, now_permitted = set(before.permitted_purposes), set(after.permitted_purposes)
    lower = ORDER.index(after.classification) < ORDER.index(before.classification)
    return (
        lower
        or bool(set(before.categories) - set(after.categories))
        or bool(set(before.prohibited_purposes) - set(after.prohibited_purposes))
        or bool(set(before.required_agreements) - set(after.required_agreements))
        or (bool(permitted) and not (now_permitted and now_permitted <= permitted))
        or bool(before.lawful_basis and not after.lawful_basis)
        or bool(before.special_basis and not after.special_basis)
    )


def is_unseen(asset: Resource, touched: list[Resource]) -> bool:
    """A draft, and so is all that was made from it."""
    hidden = Standing.objects.filter(resource__in=touched, closed_at=None, hidden=True)
    return asset.state == State.DRAFT and hidden.count() == len(touched)


def is_own_draft(by: User, asset: Resource, touched: list[Resource]) -> bool:
    """Registered by oneself, with nothing made from it, and with nobody else given access in it."""
    if asset.state != State.DRAFT or not all(asset.pk in one.chain for one in touched):
        return False
    given = Grant.objects.open().filter(resource__in=touched, effect=Grant.Effect.ALLOW)
    mine = User.objects.filter(side(by))
    registered = given.filter(resource=asset, origin=Grant.Origin.REGISTRATION, user__in=mine)
    return registered.exists() and not given.exclude(user__in=mine).exists()


def require_unused(project: Resource, slug: str, but: Resource | None = None) -> None:
    """Gateways' routes, links and the trail go on meaning what had an address before it moved."""
    moved = Resource.objects.filter(slug=slug, kind__in=(Kind.DATASET, Kind.MODEL))
    former = moved.filter(standings__ancestors__contains=[project.pk]).exclude(parent=project)
    if former.exclude(pk=but.pk if but else None).exists():
        where = f"{project.address}/{slug}"
        message = f"{where} was the address of something that moved: choose another name."
        raise ValidationError({"slug": ValidationError(message, code="conflict")})


def protects_less(before: Standing, after: Standing) -> bool:
    """The same of what it stands for with all that it inherits: after a move."""
    return (
        ORDER.index(after.classification) < ORDER.index(before.classification)
        or bool(set(before.categories) - set(after.categories))
        or bool(set(before.barred) - set(after.barred))
        or bool(set(before.agreements) - set(after.agreements))
    )


def require_open(version: Resource) -> None:
    """Once approved, the bytes behind a version never change."""
    if version.state != State.PENDING:
        raise ValidationError(
            f"{version} is {version.state}: make a new version instead.", code="conflict"
        )
