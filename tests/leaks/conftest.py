"""One world for all tests of this package: looked at by everybody, then with what is hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cast import Cast
from tests.conftest import Beneath, laying
from tests.leaks.asking import KEYED, Asker, asker_of, issue
from tests.leaks.looking import AUDITED, World, looked, plain, seen
from tests.leaks.world import Hidden, hide, prepare


@pytest.fixture(scope="package")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("blobs")


@pytest.fixture(autouse=True)
def quick(blobs: Path, _own: None) -> Iterator[None]:
    with plain(blobs):
        yield


@pytest.fixture(scope="package")
def beneath(seeded: bytes, django_db_blocker: Any) -> Iterator[Beneath]:
    """As everywhere, and for the whole package."""
    with laying(django_db_blocker) as lay:
        yield lay


@pytest.fixture(scope="package")
def world(beneath: Beneath, blobs: Path) -> World:
    found: list[World] = []

    def build(cast: Cast) -> None:
        with plain(blobs):
            prepare(cast)
            issued = issue(cast)
            for name in KEYED:  # from now on all of them were used
                asker_of(cast, name, issued).send("get", "/api/v1/whoami")
            names = ("charlie", "bob", "alice", *KEYED)
            before = {name: seen(asker_of(cast, name, issued)) for name in names}
            before["dana"] = looked(asker_of(cast, "dana", issued), AUDITED)
            found.append(World(before, hide(cast), issued))

    beneath(build)
    return found[0]


@pytest.fixture
def ask(world: World, cast: Cast) -> Callable[[str], Asker]:
    return lambda name: asker_of(cast, name, world.issued)


@pytest.fixture(scope="package")
def hidden(world: World) -> Hidden:
    return world.hidden
