"""What an admin may write down for gateways, and when a condition holds."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError

from accounts.models import Grant, User
from accounts.rules import OwnSide, grants_on_side, require_other_side
from audit.queries import as_path
from gateway import paths
from gateway.models import Alias, Condition, Fact, Route
from gateway.models.properties import Operator
from gateway.permissions import GUARDED

ADDRESS = re.compile(r"(?:[a-z0-9@/._-]|\{[a-z][a-z0-9_]*\})+", re.ASCII)
LISTS = {Operator.IN, Operator.NOT_IN}
NUMBERS = {Operator.AT_LEAST, Operator.AT_MOST}
Properties = dict[str, dict[str, Any]]
MOST = 2**53 - 1  # up to here a double, as which other programs read JSON, holds every number


def require_address(alias: Alias) -> None:
    if not ADDRESS.fullmatch(alias.address) or paths.captures(alias.address) != ["id"]:
        raise ValidationError(
            {"address": "An address of ours with {id} in it once, such as records/{id}."}
        )


def require_route(route: Route) -> None:
    """A host, a pattern and an address that fit together."""
    try:
        host = paths.hostname(route.host)
    except paths.Unclear:
        host = ""
    if host != route.host:
        message = "A host name in lower case, without port: models.example.org."
        raise ValidationError({"host": message})
    require_pattern(route.pattern)
    if not route.methods:
        raise ValidationError({"methods": "Name at least one method."})
    unknown = sorted(set(paths.captures(route.address)) - set(paths.captures(route.pattern)))
    if not ADDRESS.fullmatch(route.address) or unknown:
        raise ValidationError(
            {"address": "An address of ours; each {name} in it also stands in the pattern."}
        )


def require_pattern(pattern: str) -> None:
    if "?" in pattern:
        raise ValidationError({"pattern": "A path only: what follows a ? is never compared."})
    names = paths.captures(pattern)
    plain = paths.CAPTURE.sub("x", pattern)
    try:
        paths.clean(plain)
    except paths.Unclear:
        plain = ""
    stray = "{" in plain or "}" in plain or "}{" in pattern
    rest = paths.REST in pattern and not pattern.endswith(f"/{paths.REST}")
    if not plain or stray or rest or "*" in pattern.removesuffix(paths.REST):
        raise ValidationError(
            {"pattern": "A path such as /v1/models/{name}/infer; /** at its end is all below."}
        )
    if len(set(names)) < len(names):
        raise ValidationError({"pattern": "Each {name} once."})


def require_unambiguous(route: Route) -> None:
    """Two routes that match the same requests would leave it to chance which one counts."""
    for other in Route.objects.filter(host=route.host).exclude(pk=route.pk):
        same = paths.shape(other.pattern) == paths.shape(route.pattern)
        if same and set(other.methods) & set(route.methods):
            reason = ValidationError(f"{other} is there already.", code="conflict")
            raise ValidationError({"pattern": reason})


def require_no_door(by: User, permissions: Collection[str], address: str) -> None:
    """Nobody writes down what their own side would pass, by what it holds or will hold.

    Whatever a {name} in the address might become counts, and what will lie there one day.
    """
    fixed, name, _ = address.partition("{")
    below = "/" + fixed.replace("@", "/") if name else as_path(fixed)
    holding = grants_on_side(by).filter(
        effect=Grant.Effect.ALLOW,
        role__permissions__codename__in=permissions,
        role__permissions__closed_at=None,
    )
    for place in set(holding.values_list("resource__path", flat=True)):
        if below.startswith(place) or (name and place.startswith(below)):
            raise OwnSide(
                f"What you or yours hold on {place.strip('/') or 'the site'} could pass there: ask"
                " somebody else who keeps the policies and holds nothing there."
            )


def require_not_ones_own(by: User, fact: Fact) -> None:
    """What is known of oneself, or of what one uses, may be what a condition asks for."""
    if fact.user is not None:
        require_other_side(by, fact.user)
    if fact.resource is not None:
        require_no_door(by, GUARDED, fact.resource.path)


def require_condition(condition: Condition) -> None:
    require_value("must_value", condition.must_operator, condition.must_value)
    if condition.when_source:
        require_value("when_value", condition.when_operator, condition.when_value)


def require_value(name: str, operator: str, value: Any) -> None:
    if operator in LISTS:
        fits = isinstance(value, list) and 0 < len(value) <= 100 and all(map(is_scalar, value))
        message = "A list of texts, numbers or true and false."
    elif operator in NUMBERS:
        fits, message = is_number(value), "A number, such as 3 or 0.5."
    else:
        fits, message = is_scalar(value), "A text, a number, true or false."
    if not fits:
        raise ValidationError({name: message})
    for one in value if operator in LISTS else [value]:
        require_exact(name, one)


def require_scalar(name: str, value: Any) -> None:
    if not is_scalar(value):
        raise ValidationError({name: "A text, a number, true or false."})
    require_exact(name, value)


def require_exact(name: str, value: Any) -> None:
    """Neither beyond what other programs can read, nor read by them as a neighbour of it."""
    if is_number(value) and not abs(value) <= MOST:  # nor infinite, nor no number at all
        raise ValidationError({name: f"A number up to {MOST}: a larger one is written as a text."})


def is_scalar(value: Any) -> bool:
    return isinstance(value, str | bool) or is_number(value)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def holds(condition: Condition, known: Properties) -> bool:
    """A property that is missing fulfils nothing and starts nothing."""
    if condition.when_source and not test(
        known[condition.when_source],
        condition.when_name,
        condition.when_operator,
        condition.when_value,
    ):
        return True
    return test(
        known[condition.must_source],
        condition.must_name,
        condition.must_operator,
        condition.must_value,
    )


def test(properties: dict[str, Any], name: str, operator: str, expected: Any) -> bool:
    value = properties.get(name)
    if not is_scalar(value):
        return False
    if operator in NUMBERS:
        if not is_number(value):
            return False
        return bool(value >= expected if operator == Operator.AT_LEAST else value <= expected)
    among = any(same(value, one) for one in (expected if operator in LISTS else [expected]))
    return among is (operator in (Operator.IS, Operator.IN))


def same(value: Any, expected: Any) -> bool:
    """Typed: the text "1" is not the number 1, and true is neither."""
    return value == expected and isinstance(value, bool) is isinstance(expected, bool)
