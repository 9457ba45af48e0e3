"""What is remembered of one subject, one group, one resource, one key; and for how long in all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from uuid import UUID

NOBODY = UUID(int=0)
# mask of permissions, start, end, opened (microseconds of the epoch), grant, role, purpose, and the
# next oldest of the same place: mostly there is one alone, which so is one step nearer
Held = tuple[int, int, int | None, int, UUID, str, str, "Held | None"]
# mask of permissions, start, end, first and last version
Denied = tuple[int, int, int | None, int | None, int | None]


@dataclass(slots=True)
class Entry:
    """Holds as long as `stamp` is what its slot and the slot of everything say together."""

    slot: int
    stamp: int
    since: int  # microseconds of the epoch: what was over by then was left out
    size: int  # bytes, roughly
    seen: int = field(default=0, init=False)  # the last generation that found it to hold


@dataclass(slots=True)
class Bundle(Entry):
    """What a subject or a group holds, by resource."""

    mask: int = 0  # of all permissions in it
    held: dict[int, Held] = field(default_factory=dict)  # the oldest
    denied: dict[int, tuple[Denied, ...]] = field(default_factory=dict)
    near: dict[int, int] = field(default_factory=dict)  # permissions that may be held otherwise
    whole: bool = True  # too much to remember is left to the database


def following(grant: Held | None) -> Iterator[Held]:
    while grant is not None:
        yield grant
        grant = grant[7]


def age(grant: Held) -> tuple[int, int]:
    """By its opening, then as the database orders ids."""
    return grant[3], grant[4].int


@dataclass(slots=True)
class Together:
    """A subject's bundle and those of its groups, looked up one by one; holds as long as nothing
    at all has changed, and between these two times."""

    generation: int
    since: int
    until: int
    own: Subject
    shelves: tuple[dict[int, Held], ...]  # what the groups hold
    bundles: tuple[Bundle, ...]  # the subject and its groups
    denied: tuple[Bundle, ...]  # those of them with denies
    near: tuple[Bundle, ...]  # those with grants that may be held otherwise


@dataclass(slots=True)
class Subject(Bundle):
    id: UUID = NOBODY
    known: bool = False
    person: UUID | None = None  # who answers for it; nobody when it is not live
    groups: tuple[tuple[int, int, int | None], ...] = ()  # with the time of joining and leaving
    signed: dict[str, list[tuple[int, int | None]]] = field(default_factory=dict)
    together: Together | None = None


@dataclass(slots=True)
class Place(Entry):
    """A resource's open standing."""

    chain: tuple[int, ...] = ()  # from itself up to the root; empty when there is no such resource
    blocked: str = ""
    hidden: bool = False
    barred: frozenset[str] = frozenset()
    agreements: tuple[str, ...] = ()
    restricted: bool = False  # the strictest of it, of what lies above and of what it was made from
    number: int | None = None


@dataclass(slots=True)
class Key(Entry):
    owner: UUID | None = None
    kind: str = ""
    revoked: bool = False
    expires: int = 0
    scopes: int = 0  # a mask of permissions
    within: int | None = None


@dataclass(slots=True)
class Secret(Entry):
    key: UUID | None = None
    digest: bytes = b""
    pepper: int = 0
    not_after: int | None = None


@dataclass(slots=True)
class Name(Entry):
    """What an address or a user name stands for."""

    id: int | UUID | None = None
    kind: str = ""
    uid: UUID | None = None  # these two of a resource alone
    path: str = ""
    now: tuple[int, Place | None] = (0, None)  # of a resource, while nothing changes


E = TypeVar("E", bound=Entry)


class Shelf(Generic[E]):
    """The entries used last, up to a number of bytes.

    Two generations instead of a list in order of use: a look that finds costs one dict, and
    threads need no lock. What was not asked for while the younger one filled up goes.
    """

    def __init__(self, limit: int) -> None:
        self.half = limit // 2
        self.young: dict[object, E] = {}
        self.old: dict[object, E] = {}
        self.size = 0

    def get(self, name: object) -> E | None:
        found = self.young.get(name)
        if found is None and (found := self.old.get(name)) is not None:
            self.put(name, found)
        return found

    def put(self, name: object, entry: E) -> None:
        if self.size + entry.size > self.half:
            self.old, self.young, self.size = self.young, {}, 0
        before = self.young.get(name)
        self.young[name] = entry
        self.size += entry.size - (before.size if before is not None else 0)

    def __len__(self) -> int:
        return len(self.young) + len(self.old)
