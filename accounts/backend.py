"""Django's two questions: who signs in (allauth), and may they (the decision, alone)."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.hashers import verify_password
from django.contrib.auth.models import AnonymousUser
from guardian.backends import ObjectPermissionBackend

from accounts.actions import passwords
from accounts.decision import decide, site
from accounts.models import Resource, User
from accounts.permissions import Permission
from accounts.queries import on_site
from audit import context


class SignInBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth ships no types
    """Signs in, never decides: Django's own would answer from global permissions."""

    def authenticate(self, request: Any, **credentials: Any) -> User | None:
        """Who knows the password; an outdated hash is renewed, in an act of its own."""
        user = super().authenticate(request, **credentials)
        if not isinstance(user, User):
            return None
        password = credentials.get("password") or ""
        if verify_password(password, user.password) == (True, True):
            passwords.rehash(user, password, by=user)
        return user

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return False

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return False

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()

    get_user_permissions = get_group_permissions = get_all_permissions


class DecisionBackend(ObjectPermissionBackend):
    """`user.has_perm("accounts.read", resource)`; without an object, on the whole site."""

    def has_perm(self, user_obj: User | AnonymousUser, perm: str, obj: Any = None) -> bool:
        app, _, codename = perm.partition(".")
        if not isinstance(user_obj, User) or app != "accounts" or codename not in Permission.values:
            return False
        if obj is not None and not isinstance(obj, Resource):
            return False
        if obj is None and context.current() is None:
            return on_site(user_obj, codename)
        decision = decide(user_obj, codename, obj or site())
        if decision.allowed:
            context.passed(decision.passed())
        return decision.allowed

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return isinstance(user_obj, User) and user_obj.is_active and user_obj.is_staff

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return {
            f"accounts.{p}" for p in Permission if self.has_perm(user_obj, f"accounts.{p}", obj)
        }
