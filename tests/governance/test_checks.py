"""Each deploy check holds as the settings are, and fails when one is loosened."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as current
from django.core.checks import Tags, run_checks

from governance import checks

LOOSER: list[tuple[str, str, Any]] = [
    ("E001", "DEBUG", True),
    ("E002", "PASSWORD_HASHERS", ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]),
    ("E003", "REST_FRAMEWORK", {}),
    ("E003", "REST_FRAMEWORK", {"DEFAULT_PERMISSION_CLASSES": ["x.AllowAny"]}),
    ("E004", "REST_FRAMEWORK", {"DEFAULT_RENDERER_CLASSES": ["x.BrowsableAPIRenderer"]}),
    ("E005", "AUTHENTICATION_BACKENDS", current.AUTHENTICATION_BACKENDS[::-1]),
    ("E005", "AUTHENTICATION_BACKENDS", ["django.contrib.auth.backends.ModelBackend"]),
    ("E006", "MIDDLEWARE", [one for one in current.MIDDLEWARE if "LoginRequired" not in one]),
    ("E008", "CELERY_ACCEPT_CONTENT", ["json", "pickle"]),
    ("E008", "CELERY_TASK_SERIALIZER", "pickle"),
    ("E012", "TRAIL_SINKS", ["http://siem.example.org"]),
    ("E010", "CACHES", {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}),
]


@pytest.fixture(autouse=True)
def _argon2(_fast: None, settings: Any) -> None:
    settings.PASSWORD_HASHERS = [checks.ARGON2]  # tests hash faster


def failed() -> list[str]:
    return [str(problem.id).partition(".")[2] for problem in checks.deployment()]


def test_nothing_is_wrong_as_it_is() -> None:
    assert failed() == []


@pytest.mark.parametrize(("number", "name", "value"), LOOSER)
def test_a_looser_setting_is_found(number: str, name: str, value: Any, settings: Any) -> None:
    setattr(settings, name, value)
    assert number in failed()


def test_cookies_are_held_to_it_in_production(settings: Any) -> None:
    settings.PRODUCTION = True
    assert failed() == ["E007"]
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    assert failed() == []


def test_a_database_beside_the_gate_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(current.DATABASES["default"], "ATOMIC_REQUESTS", True)
    assert failed() == ["E009"]


def test_a_secret_in_the_diffs_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "recorded_fields", lambda model: frozenset({"id", "digest"}))
    assert failed() == ["E011"]


def test_every_check_is_shown_to_fail() -> None:
    shown = {number for number, *_ in LOOSER} | {"E007", "E009", "E011"}
    assert shown == {number for number, *_ in checks.CHECKS}


def test_django_runs_them_before_serving(settings: Any) -> None:
    settings.CELERY_ACCEPT_CONTENT = ["pickle"]
    found = run_checks(tags=[Tags.security], include_deployment_checks=True)
    assert "gatehouse.E008" in [problem.id for problem in found]
