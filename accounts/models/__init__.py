"""Who may: people, the tree, grants, keys."""

from accounts.models.agreements import Agreement, Signature
from accounts.models.grants import Grant, Grantable, Role, RolePermission, Suspension
from accounts.models.keys import ApiKey, ApiKeySecret, KeyUse
from accounts.models.people import Membership, ServiceAccount, Spell, User
from accounts.models.resources import Resource
from accounts.models.rows import GroupPermission, UserPermission
from accounts.models.standings import Standing, StatePeriod, counts_as

__all__ = [
    "Agreement",
    "ApiKey",
    "ApiKeySecret",
    "Grant",
    "Grantable",
    "GroupPermission",
    "KeyUse",
    "Membership",
    "Resource",
    "Role",
    "RolePermission",
    "ServiceAccount",
    "Signature",
    "Spell",
    "Standing",
    "StatePeriod",
    "Suspension",
    "User",
    "UserPermission",
    "counts_as",
]
