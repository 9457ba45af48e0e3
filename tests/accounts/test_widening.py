"""Nobody widens their own access: each route, tried."""

import pytest

from accounts.actions import grants
from accounts.rules import OwnSide
from tests.cast import role


def test_no_grant_to_oneself(cast):
    with pytest.raises(OwnSide):
        grants.give(role("steward"), cast.alice, cast.oncology, by=cast.alice)


def test_a_giver_holds_what_they_give(cast):
    with pytest.raises(OwnSide):
        grants.give(role("admin"), cast.bob, cast.oncology, by=cast.alice)
