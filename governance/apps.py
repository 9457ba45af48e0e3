"""The site: wiring, home, health."""

import gc

from django.apps import AppConfig
from django.core.checks import Tags, register

from governance import checks
from governance.celery import app  # so that shared tasks belong to it, wherever they are sent from


class GovernanceConfig(AppConfig):
    name = "governance"
    celery = app

    def ready(self) -> None:
        gc.freeze()  # models, views and libraries: never garbage, also not at the end
        register(checks.deployment, Tags.security, deploy=True)
