"""What the shell of every page shows: where one may go, what waits, and how it looks."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from access import queries as asking
from accounts import queries as people
from accounts.models import User
from audit import kept
from audit import queries as trail
from gateway import queries as gateway

THEME = "theme"  # the cookie of those who are not signed in
THEMES = ("light", "dark")


def shell(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        theme = request.COOKIES.get(THEME, "")
        return {"theme": theme if theme in THEMES else "", "shortcuts": False}
    return {
        "theme": user.theme,
        "shortcuts": user.shortcuts,
        "navigation": SimpleLazyObject(Navigation(user, request.path).sections),
    }


class Navigation:
    """Asked of the database only when a page draws it: fragments do not."""

    def __init__(self, user: User, path: str) -> None:
        self.user, self.path = user, path

    def sections(self) -> list[dict[str, Any]]:
        found = [
            ("", self.daily()),
            ("Access", self.access()),
            ("Oversight", self.oversight()),
        ]
        return [{"title": title, "items": items} for title, items in found if items]

    def daily(self) -> list[dict[str, Any]]:
        items = [
            self.item("home", "Home", "house", "h"),
            self.item("catalogue", "Catalogue", "database", "c"),
            self.item("requests", "Requests", "message-circle", "r"),
        ]
        if asking.decides(self.user):
            count = asking.waiting(self.user).count()
            items.append(self.item("inbox", "Inbox", "inbox", "i", count=count))
        return items

    def access(self) -> list[dict[str, Any]]:
        sees_people = people.sees_people(self.user)
        gives = sees_people or people.givable(self.user).exists()
        items = [
            self.item("grants", "Grants", "key", "g"),
            self.item("roles", "Roles", "shield", "o"),
        ]
        if sees_people:
            items.append(self.item("people", "People", "users", "p"))
        if gives:
            items.append(self.item("groups", "Groups", "users-round", "u"))
        items.append(self.item("agreements", "Agreements", "file-text", "e"))
        items.append(self.item("services", "Services", "bot", "s"))
        items.append(self.item("keys", "Keys", "key-round", "k"))
        items.append(self.item("explain", "Why?", "circle-help", "w"))
        items.append(self.item("api_docs", "API", "book-open", "d"))
        return items

    def oversight(self) -> list[dict[str, Any]]:
        items = []
        if trail.reads_trail(self.user):
            items.append(self.item("trail", "Trail", "scroll-text", "t"))
        if kept.keeps_erasures(self.user):
            count = kept.erasures_waiting(self.user)
            label, icon = "Erasures and holds", "shield-check"
            items.append(self.item("erasures", label, icon, "l", count=count))
        elif kept.keeps_holds(self.user):
            items.append(self.item("holds", "Legal holds", "shield-check", "l"))
        if gateway.keeps(self.user):
            items.append(self.item("gateways", "Gateways", "globe", "w"))
        if self.user.is_staff:
            items.append(self.item("admin:index", "Admin", "grid-3x3", "a"))
        return items

    def item(self, name: str, label: str, icon: str, key: str, **more: Any) -> dict[str, Any]:
        url = reverse(name)
        here = self.path == url or (url != "/" and self.path.startswith(url))
        return {"url": url, "label": label, "icon": icon, "key": key, "current": here, **more}
