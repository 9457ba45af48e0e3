"""Questions to what is remembered: a listener is heard, and Bob reads the published scans."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import gathered
from tests.deciding.remembered import published


@pytest.fixture
def cast(heard: None) -> Any:
    return gathered()


@pytest.fixture
def scans(cast: Any) -> Any:
    return published(cast)
