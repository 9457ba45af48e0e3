"""People, the tree, grants, keys, the decision."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
