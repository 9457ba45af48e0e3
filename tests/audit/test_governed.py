"""What is governed, how it refers to each other, and what of it enters the trail."""

from __future__ import annotations

from auditlog.registry import auditlog
from django.apps import apps
from django.db import models

from audit.apps import governed_models
from audit.context import UNGOVERNED
from tests.acting import tables

OURS = {"accounts", "access", "registry", "gateway", "audit", "governance"}

# Tables that no act opens: a new one comes in here with its reason, or is governed.
PINNED = {
    "accounts_keyuse",
    "audit_anchor",
    "audit_checkpoint",
    "audit_event",
    "audit_leaf",
    "audit_retirement",
    "audit_tile",
    "audit_sinkcursor",
    "auth_permission",
    "axes_accessattempt",
    "axes_accessattemptexpiration",
    "axes_accessfailurelog",
    "axes_accesslog",
    "django_content_type",
    "django_migrations",
    "django_session",
    "gateway_decisioncount",
}

# Tables whose rows follow from other rows, which have their diffs: they need an act and leave none.
DERIVED = {
    "accounts.GroupPermission": "a grant to a group, row by row",
    "accounts.Spell": "when somebody was live, written by the database",
    "accounts.Standing": "what a resource inherits, written by the database",
    "accounts.UserPermission": "a grant to a person, row by row",
}

# Other people's tables, each behind the gate: whoever adds a package looks what it writes and how.
OF_OTHERS = {
    "account.EmailAddress": "row by row, by allauth",
    "account.EmailConfirmation": "nowhere: what confirms is signed, not stored",
    "admin.LogEntry": "nowhere: the admin's own record is the trail",
    "auth.Group": "row by row, in our actions",
    "auth.Group_permissions": "nowhere: refused, since Django sends no signal for it",
    "guardian.GroupObjectPermission": "nowhere: our own tables take their place",
    "guardian.UserObjectPermission": "nowhere: our own tables take their place",
}

# Columns whose values never enter the trail.
SECRETS = {
    "accounts.User": {"password"},
    "accounts.ApiKeySecret": {"digest"},
    "account.EmailConfirmation": {"key"},
}


def test_the_list_of_ungoverned_tables_is_pinned(db):
    assert set(UNGOVERNED) == PINNED
    assert set(tables()) >= PINNED
    assert all(len(reason) > 10 for reason in UNGOVERNED.values())


def test_what_follows_from_other_rows_is_pinned():
    found = {m._meta.label for m in apps.get_models() if getattr(m, "derived", False)}
    assert found == set(DERIVED)


def test_governed_tables_of_others_are_pinned():
    found = {m._meta.label for m in governed_models() if m._meta.app_label not in OURS}
    assert found == set(OF_OTHERS)


def test_every_governed_model_is_registered_without_its_secrets():
    for model in governed_models():
        assert auditlog.contains(model), model
        shown = set(auditlog.get_model_fields(model)["include_fields"])
        every = {field.name for field in model._meta.concrete_fields}
        assert every - shown == SECRETS.get(model._meta.label, set()), model


def loose(model: type[models.Model]) -> list[str]:
    """Foreign keys by which a delete would change or remove rows without a diff or a decision."""
    kept = (models.PROTECT, models.DO_NOTHING, models.RESTRICT)
    return [
        f"{model._meta.label}.{field.name}"
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey)
        and field.remote_field.on_delete not in kept
        and not field.remote_field.parent_link
        and not getattr(model, "derived", False)
    ]


def test_every_foreign_key_protects():
    ours = [model for model in apps.get_models() if model._meta.app_label in OURS]
    assert [name for model in ours for name in loose(model)] == []


def test_that_check_can_fail():
    class Loose(models.Model):
        user = models.ForeignKey("accounts.User", models.SET_NULL, null=True)

        class Meta:
            app_label = "loose"
            managed = False

        def __str__(self) -> str:
            return "loose"

    try:
        assert loose(Loose) == ["loose.Loose.user"]
    finally:
        del apps.all_models["loose"]["loose"]
        apps.clear_cache()
