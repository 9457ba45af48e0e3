"""What several attacks on the trail begin with."""

from __future__ import annotations

import pytest

from tests.audit.sealing import act, seal_all, told
from tests.cast import Cast


@pytest.fixture
def sealed(cast: Cast) -> Cast:
    act(cast, 4)
    seal_all()
    assert told() == ""
    return cast
