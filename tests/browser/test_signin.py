"""The doors that signed-out people see."""

from __future__ import annotations

import pytest
from django.urls import reverse


@pytest.mark.django_db(transaction=True)
def test_one_signs_in_and_lands_where_one_wanted(
    page, live_server, signed_in, assert_accessible, cast
):
    page.goto(live_server.url + reverse("settings"))
    assert_accessible(page)
    page.get_by_label("User name or mail address").fill("bob@example.org")
    page.get_by_label("Password").fill("correct horse battery staple")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Settings").wait_for()
    assert not page.locator(".toast").count()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["account_login", "account_reset_password", "account_signup"])
def test_each_fits_a_narrow_screen(page, live_server, assert_accessible, name, cast):
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(live_server.url + reverse(name))
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.django_db(transaction=True)
def test_a_wrong_password_says_so_and_is_read_aloud(page, live_server, assert_accessible, cast):
    page.goto(live_server.url + reverse("account_login"))
    page.get_by_label("User name or mail address").fill("bob")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    assert_accessible(page)
