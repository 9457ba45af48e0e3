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
