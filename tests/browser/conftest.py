"""A real Chromium: a policy violation, page error or console error fails the test it happens in."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.test import Client
from playwright.sync_api import ConsoleMessage, Page

from accounts.models import User

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright keeps a loop in this thread

# The shell alone draws the same pages with a quarter less work.
CHROMIUM = (
    os.environ.get("CHROMIUM_BIN")
    or shutil.which("chromium-headless-shell")
    or shutil.which("chromium")
    or ""
)
REQUIRED = os.environ.get("REQUIRE_BROWSER") == "1"
# Each page is met once: what compiles it best is work for nothing.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--renderer-process-limit=1",
    "--js-flags=--no-opt --no-maglev",
]
NARROW = {"width": 320, "height": 700}
AN_ANSWER = "the server responded with a status of 4"  # a page of errors is no error of a page
# Only what is wrong is gathered and handed over: what is right is a hundred times as much.
# Preloading fetches the styles again, for a rule that is switched off (css-orientation-lock).
VIOLATIONS = """
(options) => axe.run({resultTypes: ['violations'], preload: false, ...options})
  .then((found) => found.violations)
"""
LISTEN = """
window.__csp = [];
document.addEventListener('securitypolicyviolation',
  (e) => window.__csp.push(`${e.effectiveDirective} ${e.blockedURI}`));
"""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not CHROMIUM:
        terminalreporter.write_line(
            "BROWSER TESTS DID NOT RUN: no chromium found."
            " apt-get install chromium-headless-shell, or set CHROMIUM_BIN.",
            red=True,
            bold=True,
        )


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    if not CHROMIUM:
        stop = pytest.fail if REQUIRED else pytest.skip
        stop("no chromium: apt-get install chromium-headless-shell, or set CHROMIUM_BIN")
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": ARGUMENTS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_context_args,
        "viewport": {"width": 1440, "height": 900},
        "locale": "en-GB",
        "timezone_id": "Europe/Berlin",
        "reduced_motion": "reduce",
    }


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    problems: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and AN_ANSWER not in message.text:
            problems.append(f"console: {message.text}")

    page.set_default_timeout(8000)
    page.on("console", heard)
    page.on("pageerror", lambda error: problems.append(f"page: {error}"))
    page.add_init_script(LISTEN)
    yield page
    if not page.is_closed():
        problems += page.evaluate("window.__csp || []")
    assert not problems, problems


@pytest.fixture
def signed_in(live_server: Any) -> Callable[[Page, User], None]:
    """The browser as this person, without typing a password."""

    def sign_in(page: Page, user: User) -> None:
        client = Client()
        client.force_login(user, backend="accounts.backend.SignInBackend")
        name = settings.SESSION_COOKIE_NAME
        value = client.cookies[name].value
        page.context.add_cookies([{"name": name, "value": value, "url": live_server.url}])

    return sign_in


DARK_SEEN: set[str] = set()


def themes(page: Page) -> list[tuple[str, dict[str, Any]]]:
    """Light each time; dark once for each kind of page, whatever it is about."""
    kind = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+", "*", urlsplit(page.url).path)
    seen = kind in DARK_SEEN
    DARK_SEEN.add(kind)
    return [("light", {})] if seen else [("dark", {"runOnly": ["color-contrast"]}), ("light", {})]


@pytest.fixture
def assert_accessible() -> Callable[[Page], None]:
    """WCAG 2.2 A and AA and best practice; in the dark the contrast, since only colours differ."""

    def check(page: Page) -> None:
        page.evaluate(AXE_SCRIPT)
        for theme, options in themes(page):
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # a literal of theirs
            found = page.evaluate(VIOLATIONS, options)
            told = [(rule["id"], [node["html"][:160] for node in rule["nodes"]]) for rule in found]
            assert not told, (page.url, theme, told)

    return check


@pytest.fixture
def assert_narrow() -> Callable[[Page], None]:
    """At 320 px, which is 1280 px at 400 %, nothing scrolls sideways (WCAG 1.4.10)."""

    def check(page: Page) -> None:
        before = page.viewport_size
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # a typed dict of theirs
        width = page.evaluate("document.documentElement.scrollWidth")
        if before:
            page.set_viewport_size(before)
        assert width <= NARROW["width"], (page.url, width)

    return check
