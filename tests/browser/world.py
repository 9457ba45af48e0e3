"""What the pages need to show something: a published dataset with an approved version."""

from __future__ import annotations

from access.actions import requests
from access.models import AccessRequest
from accounts.models import User
from registry.actions import files, states, versions
from registry.models import Version
from tests.cast import Cast, role

BYTES = b"patient,finding\n1,nodule\n2,none\n"


def publish(cast: Cast) -> Version:
    """CT scans with one approved file."""
    states.set_state(cast.scans, "published", by=cast.alice)
    version = versions.open_version(cast.scans, notes="first delivery", by=cast.alice)
    files.upload(version, "data/findings.csv", [BYTES], by=cast.alice)
    return versions.approve(version, by=cast.alice)


def ask(cast: Cast, by: User, slug: str = "reader") -> AccessRequest:
    return requests.submit(
        cast.scans,
        role(slug),
        purpose="model_training",
        justification="Train the nodule finder",
        by=by,
    )
