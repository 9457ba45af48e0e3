"""Registers every governed model for field diffs: its concrete fields, its secrets excluded."""

from functools import cache

from django.apps import AppConfig, apps
from django.db.models import Model
from django.utils.module_loading import import_string

from audit.context import UNGOVERNED

# Secrets of models that are not ours.
THIRD_PARTY_SECRETS = {"account.EmailConfirmation": frozenset({"key"})}


def governed_models() -> list[type[Model]]:
    """Every concrete model whose table is behind the gate and has diffs of its own."""
    models = apps.get_models(include_auto_created=True)
    return [
        model
        for model in models
        if model._meta.managed
        and model._meta.db_table not in UNGOVERNED
        and not getattr(model, "derived", False)
    ]


@cache
def recorded_fields(model: type[Model]) -> frozenset[str]:
    """Whose values enter the trail."""
    found = import_string("auditlog.registry.auditlog").get_model_fields(model)
    return frozenset(found["include_fields"])


class AuditConfig(AppConfig):
    name = "audit"

    def ready(self) -> None:
        # By name, since auditlog's registry needs the models that are loaded only now.
        auditlog = import_string("auditlog.registry.auditlog")
        for model in governed_models():
            secrets = getattr(
                model, "secret_fields", THIRD_PARTY_SECRETS.get(model._meta.label, frozenset())
            )
            fields = [f.name for f in model._meta.concrete_fields if f.name not in secrets]
            auditlog.register(model, include_fields=fields)
        keep_old = import_string("audit.backend.told.keep_old")
        import_string("auditlog.signals.post_log").connect(keep_old)
