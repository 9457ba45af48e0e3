"""The site: wiring, home, health."""

from django.apps import AppConfig

from governance.celery import app  # so that shared tasks belong to it, wherever they are sent from


class GovernanceConfig(AppConfig):
    name = "governance"
    celery = app
