"""People, the tree, grants, keys, the decision."""

from django.apps import AppConfig

from accounts.point import stamps
from audit.context import AFTER_COMMIT


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        AFTER_COMMIT.append(stamps.tell)
