"""Who may: people, the tree, grants, keys."""

from accounts.models.grants import Grant, Grantable, Role, RolePermission
from accounts.models.keys import ApiKey, ApiKeySecret, KeyUse
from accounts.models.people import Membership, ServiceAccount, User
from accounts.models.resources import (
    GroupPermission,
    Resource,
    StatePeriod,
    UserPermission,
)

__all__ = [
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
    "StatePeriod",
    "User",
    "UserPermission",
]
