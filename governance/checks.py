"""Deploy checks: what would open a hole if somebody changed a setting. Run before serving."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from audit.apps import governed_models, recorded_fields
from audit.seal import anchors
from audit.sinks import targets

ARGON2 = "django.contrib.auth.hashers.Argon2PasswordHasher"
SIGN_IN = [
    "axes.backends.AxesStandaloneBackend",  # first: it refuses a locked-out attempt
    "accounts.backend.SignInBackend",
    "accounts.backend.DecisionBackend",
]
GUARDS = [
    "audit.doors.middleware.OriginMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "axes.middleware.AxesMiddleware",
]
SECRET_NAMES = frozenset({"password", "digest", "secret", "token"})


def debug() -> bool:
    return not settings.DEBUG


def hashers() -> bool:
    return list(settings.PASSWORD_HASHERS)[:1] == [ARGON2]


def of_rest(name: str) -> list[str]:
    chosen: dict[str, Any] = settings.REST_FRAMEWORK
    return list(chosen.get(name, []))


def closed_rest() -> bool:
    classes = of_rest("DEFAULT_PERMISSION_CLASSES")
    return bool(classes) and all("AllowAny" not in one and "ReadOnly" not in one for one in classes)


def plain_rest() -> bool:
    """The browsable pages of REST would be a second web door."""
    renderers = of_rest("DEFAULT_RENDERER_CLASSES")
    return bool(renderers) and not any("Browsable" in one for one in renderers)


def backends() -> bool:
    return list(settings.AUTHENTICATION_BACKENDS) == SIGN_IN


def guards() -> bool:
    return set(GUARDS) <= set(settings.MIDDLEWARE)


def cookies() -> bool:
    secure = settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE
    hidden = settings.SESSION_COOKIE_HTTPONLY and settings.CSRF_COOKIE_HTTPONLY
    bound = all(
        name.startswith("__Host-")
        for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)
    )
    return not settings.PRODUCTION or bool(secure and hidden and bound)


def celery() -> bool:
    chosen = getattr(settings, "CELERY_TASK_SERIALIZER", "json")
    return list(settings.CELERY_ACCEPT_CONTENT) == ["json"] and chosen == "json"


def gate() -> bool:
    return all(
        one["ENGINE"] == "audit.backend" and not one["ATOMIC_REQUESTS"]
        for one in settings.DATABASES.values()
    )


def shared_cache() -> bool:
    """Several web processes must count the same attempts."""
    return "redis" in settings.CACHES["default"]["BACKEND"]


def secrets_excluded() -> bool:
    return not any(
        recorded_fields(model) & (SECRET_NAMES | getattr(model, "secret_fields", frozenset()))
        for model in governed_models()
    )


def sinks() -> bool:
    """The worker would find out only when something is to be sent."""
    try:
        targets.configured()
    except ImproperlyConfigured:
        return False
    return True


CHECKS: tuple[tuple[str, Callable[[], bool], str, str], ...] = (
    ("E001", debug, "DEBUG is on.", "Set DEBUG = False: its pages show settings and code."),
    ("E002", hashers, "New passwords are not hashed with argon2.", f"Put {ARGON2} first."),
    ("E003", closed_rest, "REST is open by default.", "Set DEFAULT_PERMISSION_CLASSES."),
    ("E004", plain_rest, "REST has browsable pages.", "Render JSON only."),
    ("E005", backends, "Somebody else answers who and may they.", f"Use exactly {SIGN_IN}."),
    ("E006", guards, "A guard is missing from MIDDLEWARE.", f"Keep {GUARDS}."),
    ("E007", cookies, "Cookies are not Secure, HttpOnly and __Host-.", "Set PUBLIC_URL to https."),
    ("E008", celery, "Jobs may hold more than JSON.", "Accept and send json only."),
    ("E009", gate, "A database is written without the gate.", "ENGINE is audit.backend."),
    ("E010", shared_cache, "Each process has a cache of its own.", "Use the Redis cache."),
    ("E011", secrets_excluded, "Diffs record a secret.", "List it in the model's secret_fields."),
    ("E012", sinks, "TRAIL_SINKS is not understood.", f"Write {' or '.join(targets.FORMS)}."),
)


def deployment(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Registered by GovernanceConfig."""
    return list(problems())


def problems() -> Iterator[CheckMessage]:
    for number, holds, problem, hint in CHECKS:
        if not holds():
            yield Error(problem, hint=hint, id=f"gatehouse.{number}")
    for problem in anchors.problems():
        yield Error(f"SEAL_ANCHORS: {problem}", id="gatehouse.E013")
