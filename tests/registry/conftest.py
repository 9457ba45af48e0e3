"""A published dataset with one open version, beneath the tests of files."""

from __future__ import annotations

import pytest

from registry.actions import states, versions
from registry.models import Version
from tests.cast import Cast
from tests.conftest import Beneath


def build(cast: Cast) -> None:
    states.set_state(cast.scans, "published", by=cast.alice)
    versions.open_version(cast.scans, by=cast.alice)


@pytest.fixture(scope="module")
def opened(beneath: Beneath) -> None:
    beneath(build)


@pytest.fixture
def version(opened: None, cast: Cast) -> Version:
    return Version.objects.get()
