"""Who asks, and how two answers are compared: all of them but what differs by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.actions import keys
from accounts.actions.keys import Issued
from accounts.decision import decide
from accounts.models import ApiKey, Resource, User
from accounts.permissions import Permission
from audit.models import Event
from tests.cast import Cast
from tests.leaks.world import HOUR, KEEPER, Hidden

SIGN_IN = "accounts.backend.SignInBackend"
# Another each time; the length follows from the body.
UNLIKE = ("X-Request-ID", "Set-Cookie", "Content-Security-Policy", "Expires", "Content-Length")
NOISE = (
    (r'name="csrfmiddlewaretoken" value="[^"]*"', ""),
    (r"<time[^>]*>[^<]*</time>", ""),
    (r'"(request_id|now|at|evaluation_id|last_used_at)": ?"[^"]*"', r'"\1":""'),
    (r"As it stood on [^,]*, [0-9:]* UTC", ""),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d\.\d+Z)?", ""),
    (r"\b\d+ (allowed|refused)", ""),
)
Answer = tuple[int, tuple[tuple[str, str], ...], str]


@dataclass
class Asker:
    """Somebody with a session, or with a key."""

    name: str
    user: User
    client: Client
    secret: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"} if self.secret else {}

    def may(self, permission: str, place: Any) -> bool:
        """THE decision, of this one resource; never a list."""
        return decide(self.user, permission, Resource.objects.get(pk=place.pk)).allowed

    def send(self, method: str, path: str, body: Any = None, *names: Any) -> Answer:
        extra: dict[str, Any] = {"headers": self.headers}
        self.client.cookies.pop("messages", None)  # a notice of the answer before
        if method != "get":
            is_bytes = isinstance(body, bytes)
            extra["content_type"] = "application/octet-stream" if is_bytes else "application/json"
            extra["data"] = {} if body is None else body
        return compared(getattr(self.client, method)(path, **extra), names)


Ask = Callable[[str], Asker]


def client_of(person: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person, SIGN_IN)
    return client


def signed_in(person: User) -> Asker:
    return Asker(person.username, person, client_of(person))


def with_key(name: str, key: ApiKey, secret: str) -> Asker:
    user: User = User.objects.get(pk=key.owner_id)
    user.credential = ApiKey.objects.get(pk=key.pk)
    return Asker(name, user, Client(raise_request_exception=False), secret)


PEOPLE = ("charlie", "bob", "alice", "dana", "petra", "erin")
KEYED = ("scoring", "bob's key", "key elsewhere", "key without a look")
EVERYBODY = (*PEOPLE, *KEYED)


Keys = dict[str, Issued]


def issue(cast: Cast) -> Keys:
    """The keeper has two keys, neither of which reaches the vault."""
    keeper = User.objects.get(username=KEEPER)
    oncology = Resource.objects.get(pk=cast.oncology.pk)
    everything = list(Permission.values)
    wanted: dict[str, tuple[User, User, list[str], Any]] = {
        "scoring": (cast.scoring.user, cast.alice, everything, None),
        "bob's key": (cast.bob, cast.bob, ["discover", "read"], None),
        "key elsewhere": (keeper, keeper, everything, oncology),
        "key without a look": (keeper, keeper, ["deploy", "invoke"], None),
    }
    end = timezone.now() + HOUR
    return {
        name: keys.issue(owner, name=name, scopes=scopes, expires_at=end, within=place, by=by)
        for name, (owner, by, scopes, place) in wanted.items()
    }


def asker_of(cast: Cast, name: str, issued: Keys) -> Asker:
    if name in PEOPLE:
        return signed_in(getattr(cast, name))
    return with_key(name, issued[name].key, issued[name].secret)


# Who sees of a noun what is none of theirs; everything else that hangs in the vault is hidden.
OVERSEERS = {"dana", "erin", "petra"}
ITSELF = OVERSEERS | {"key elsewhere", "key without a look"}
SEERS: dict[str, set[str]] = {
    "users": ITSELF, "people": ITSELF, "services": ITSELF, "service-accounts": ITSELF,
    "groups": OVERSEERS | {"alice"}, "signatures": OVERSEERS, "grants": OVERSEERS,
    "requests": OVERSEERS, "keys": {"erin", "petra"}, "routes": OVERSEERS, "aliases": OVERSEERS,
    "conditions": OVERSEERS, "properties": OVERSEERS, "answers": {"dana", "erin"},
    "trail": {"dana", "erin"}, "searches": {"dana"}, "exports": {"dana"},
    "erasures": {"erin", "petra"}, "holds": {"erin", "petra"},
}  # fmt: skip


def sees(asker: Asker, hidden: Hidden, noun: str, state: str = "") -> bool:
    """Of a version what is in it, of everything else that it is there."""
    if noun in hidden.places:
        needed = Permission.READ if noun == "versions" else Permission.DISCOVER
        return asker.may(needed, hidden.places[noun][state])
    return asker.name in SEERS[noun]


def compared(response: Any, names: Iterable[Any]) -> Answer:
    """Status, headers and body, without what differs by itself and the name that was asked for."""
    body = b"".join(response) if response.streaming else response.content
    headers = tuple(
        (name, masked(value, names)) for name, value in response.items() if name not in UNLIKE
    )
    return response.status_code, headers, masked(body.decode(errors="replace"), names)


def masked(text: str, names: Iterable[Any]) -> str:
    for pattern, instead in NOISE:
        text = re.sub(pattern, instead, text)
    for name in sorted(map(str, names), key=len, reverse=True):
        # a short number is one only where it stands alone
        pattern = rf"(?<!\w){re.escape(name)}(?!\w)" if len(name) < 5 else re.escape(name)
        text = re.sub(pattern, "NAME", text)
    return text


def acts() -> int:
    """Whatever was done; a look that is recorded changes nothing."""
    return Event.objects.filter(kind="act", outcome="ok").exclude(verb__startswith="trail.").count()
