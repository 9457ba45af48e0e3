"""Asking for access: requests, their steps and decisions."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "access"
