"""A search that somebody keeps, for themselves or for everybody who reads the trail."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.http import urlencode

from audit.governed import Governed, GovernedQuerySet


class SavedSearch(Governed):
    """Names a search; what it finds depends on who looks."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500)
    shared = models.BooleanField(default=False)

    objects = GovernedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "uid"]
        default_permissions = ()
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                name="saved_search_once",
                violation_error_code="conflict",
                violation_error_message="You have a search of this name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def resource_path(self) -> str:
        return f"/~people/{self.owner_id}/"

    def get_absolute_url(self) -> str:
        return f"{reverse('trail')}?{urlencode({'q': self.query})}"
