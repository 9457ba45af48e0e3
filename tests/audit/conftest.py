"""What several attacks on the trail begin with."""

from __future__ import annotations

import pytest

from tests.audit.sealing import seal_some
from tests.cast import Cast


@pytest.fixture
def sealed(cast: Cast) -> Cast:
    return seal_some(cast)
