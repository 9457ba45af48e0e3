"""What happened between them: grants that ran for seconds, downloads, and two refusals."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone

from accounts.actions import grants
from accounts.models import Grant, Resource, Role, User
from audit.models import Event
from governance.demo.catalogue import MODEL, TABLE, at
from governance.demo.people import Cast
from registry import queries
from registry.actions import files
from registry.models import File

SECONDS = 2
LOOK = "A look at the columns, together."


def live_through(cast: Cast) -> None:
    """Before anybody is given more: each ends by the clock, so that nothing is made up."""
    table = at(f"{TABLE}@v1")
    model = at(f"{MODEL}@v1")
    if brief("reader", cast.bob, table, LOOK, cast.alice):
        download(cast.bob, TABLE, "breast_cancer.csv")
    brief("reader", cast.dana, model, "Shown in the audit's first meeting.", cast.alice)
    brief("deployer", cast.scoring, model, "Smoke test of the first version.", cast.erin)
    refuse(cast)


def brief(role: str, subject: User, on: Resource, reason: str, by: User) -> bool:
    """True when it was given now."""
    if Grant.objects.filter(reason=reason).exists():
        return False
    until = timezone.now() + timedelta(seconds=SECONDS)
    grants.give(Role.objects.get(slug=role), subject, on, expires_at=until, reason=reason, by=by)
    return True


def refuse(cast: Cast) -> None:
    """Bob comes back when his look is over; Charlie guesses an address."""
    if not attempted(cast.bob):
        look = Grant.objects.get(reason=LOOK)
        assert look.expires_at is not None
        time.sleep(max(0.0, (look.expires_at - timezone.now()).total_seconds()))
        with suppress(PermissionDenied):
            download(cast.bob, TABLE, "breast_cancer.csv")
    if not attempted(cast.charlie):
        with suppress(Http404):
            queries.by_address(cast.charlie, TABLE)


def attempted(who: User) -> bool:
    return Event.objects.filter(actor=who, outcome=Event.Outcome.DENIED).exists()


def use(cast: Cast) -> None:
    """What the approved may do, they do: two downloads for the purpose they named."""
    if Event.objects.filter(actor=cast.bob, verb="file.download", outcome="ok").count() < 2:
        download(cast.bob, TABLE, "breast_cancer.csv", "model_training")
        download(cast.bob, MODEL, "coefficients.json", "model_evaluation")


def download(by: User, address: str, path: str, purpose: str = "") -> None:
    file = File.objects.get(version=at(f"{address}@v1").pk, path=path)
    files.download(file, purpose=purpose, by=by)
