"""Conditions on properties, and properties that are known here."""

from __future__ import annotations

from typing import Any

from accounts.decision import check, site
from accounts.models import Resource, User
from accounts.permissions import Permission
from audit.acts import action
from gateway import queries, rules
from gateway.models import Condition, Fact
from gateway.permissions import GUARDED


@action("condition.add")
def add_condition(*, resource_type: str, action: str, by: User, **tests: Any) -> Condition:
    """`tests`: the fields of `must`, and those of `when` or none of them."""
    check(by, Permission.MANAGE_POLICIES, site())
    condition = Condition(resource_type=resource_type, action=action, **tests)
    condition.full_clean()
    rules.require_condition(condition)
    condition.save()
    return condition


@action("condition.remove")
def remove_condition(condition: Condition, *, by: User) -> None:
    check(by, Permission.MANAGE_POLICIES, site())
    if means := queries.meaning(condition.resource_type, condition.action):
        rules.require_no_door(by, {means.permission} & {*GUARDED}, means.address)
    condition.delete()


@action("fact.add")
def add_fact(
    *,
    name: str,
    value: Any,
    person: User | None = None,
    resource: Resource | None = None,
    by: User,
) -> Fact:
    check(by, Permission.MANAGE_POLICIES, site())
    fact = Fact(user=person, resource=resource, name=name, value=value)
    rules.require_scalar("value", value)
    fact.full_clean()
    rules.require_not_ones_own(by, fact)
    fact.save()
    return fact


@action("fact.remove")
def remove_fact(fact: Fact, *, by: User) -> None:
    check(by, Permission.MANAGE_POLICIES, site())
    rules.require_not_ones_own(by, fact)
    fact.delete()
