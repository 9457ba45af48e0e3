"""A part of the trail as a file that somebody asked for."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from audit.governed import Governed, GovernedQuerySet


class Export(Governed):
    """Asked for, written by a worker, fetched by whoever asked, gone after a week."""

    class Format(models.TextChoices):
        JSONL = "jsonl", "JSON lines"
        CSV = "csv", "CSV"
        OCSF = "ocsf", "OCSF 1.8.0"
        ECS = "ecs", "Elastic Common Schema"
        CEF = "cef", "CEF"
        PROOF = "proof", "Proofs of what is sealed"

    class State(models.TextChoices):
        QUEUED = "queued", "waiting"
        DONE = "done", "ready"
        CANCELLED = "cancelled", "cancelled"
        FAILED = "failed", "failed"

    KEPT: ClassVar[timedelta] = timedelta(days=7)
    PATIENCE: ClassVar[timedelta] = timedelta(hours=1)  # for the worker that is to write it

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    query = models.CharField(max_length=500, blank=True)
    format = models.CharField(max_length=8, choices=Format.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    # None: the whole trail. Else the resources that were theirs to watch when they asked.
    scope = models.JSONField(null=True, blank=True)
    asked_at = models.DateTimeField()
    manifest = models.JSONField(default=dict, blank=True)

    objects = GovernedQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at", "-uid"]
        default_permissions = ()
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"{self.get_format_display()} of {self.query or 'everything'}"

    @property
    def resource_path(self) -> str:
        return f"/~people/{self.owner_id}/"

    @property
    def expired(self) -> bool:
        return self.asked_at + self.KEPT < timezone.now()

    @property
    def path(self) -> Path:
        return Path(settings.EXPORT_ROOT) / f"{self.uid}.{self.format}"

    @property
    def filename(self) -> str:
        suffix = {"csv": "csv", "cef": "log"}.get(self.format, f"{self.format}.jsonl")
        suffix = "jsonl" if self.format == self.Format.JSONL else suffix
        return f"trail-{self.asked_at:%Y%m%d-%H%M%S}.{suffix}"

    def get_absolute_url(self) -> str:
        return reverse("export", args=[self.uid])
