"""A row's check constraints are one question, and each that is broken is named."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Grant
from tests.cast import role


def grant(cast, **facts):
    now = timezone.now()
    return Grant(role=role("reader"), user=cast.bob, resource=cast.scans, starts_at=now, **facts)


def broken(row, exclude=None) -> set[str]:
    with pytest.raises(ValidationError) as caught:
        row.validate_constraints(exclude=exclude)
    names = {one.name for one in Grant._meta.constraints}
    return {name for name in names if name in str(caught.value)}


def test_all_that_hold_cost_one_question(cast):
    row = grant(cast)
    with CaptureQueriesContext(connection) as asked:
        row.validate_constraints()
    assert len(Grant._meta.constraints) > 3
    assert [one["sql"].count("COALESCE") for one in asked if "COALESCE" in one["sql"]] == [1]


def test_each_that_is_broken_is_named(cast):
    ago = timezone.now() - timedelta(days=1)
    row = grant(cast, expires_at=ago, closed_at=ago, group=cast.researchers)
    assert broken(row) == {
        "grant_has_one_subject",
        "grant_ends_after_it_starts",
        "grant_closed_by_somebody",
    }


def test_what_a_form_leaves_out_hides_nothing_else(cast):
    ago = timezone.now() - timedelta(days=1)
    row = grant(cast, expires_at=ago, group=cast.researchers)
    assert broken(row, exclude={"group"}) == {"grant_ends_after_it_starts"}


def test_what_says_nothing_passes_and_hides_nothing(cast):
    """As in the database: a condition that is NULL is not broken, and hides none that is."""
    nothing = {"first_version": 1, "last_version": None, "new_versions": "ask"}
    grant(cast, **nothing).validate_constraints()
    ago = timezone.now() - timedelta(days=1)
    assert broken(grant(cast, expires_at=ago, **nothing)) == {"grant_ends_after_it_starts"}
