"""A clean path names one file everywhere; a digest names one set of files."""

import hashlib
import unicodedata
from pathlib import PurePosixPath

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from registry.manifest import MAX_PATH, MAX_SEGMENT, Entry, clean_path, digest, revision

ONE, TWO = (hashlib.sha256(content).hexdigest() for content in (b"one", b"two"))


@pytest.mark.parametrize(
    "path",
    [
        *("README.md", "data/train.csv", ".gitattributes", "a/.hidden/..b/c...d"),
        *("Größe/日本語 x.txt", "console.log", "com10", "nul-values.csv"),
        *("a" * 255, f"{'a' * 255}/{'b' * 255}"),
    ],
)
def test_ordinary_paths_stay(path: str) -> None:
    assert clean_path(path) == path


@pytest.mark.parametrize(
    ("code", "paths"),
    [
        ("path_empty", [""]),
        ("path_absolute", ["/", "/etc/passwd", "//host/share"]),
        ("path_folder", ["data/", "data//"]),
        ("path_traversal", ["..", ".", "../a", "a/../b", "a/./b", "./a", "a//b", "a/.."]),
        ("path_backslash", ["a\\b", "..\\a", "\\\\host"]),
        ("path_unprintable", ["a\0b", "a\nb", "a\x7f", "a\x85", "\ud800", "a\u2028b"]),
        ("path_unprintable", ["fdp.\u202etxt", "a\u200bb"]),
        ("path_too_long", ["a/" * 256 + "b"]),
        ("name_too_long", ["a" * 256, "ä" * 128]),
        ("name_reserved", ["c:", "C:/x", "a:stream", "a?", "a*b", "<a", 'a"b', "a|b"]),
        ("name_reserved", ["con", "a/NUL", "aux.txt", "COM1", "lpt¹.csv", "con .txt"]),
        ("name_reserved", ["a.", "a /b", " ", "..."]),
    ],
)
def test_unsafe_paths_are_refused(code: str, paths: list[str]) -> None:
    for path in paths:
        with pytest.raises(ValidationError) as error:
            clean_path(path)
        assert error.value.code == code, path
        assert error.value.message.endswith("."), path


def test_paths_become_nfc() -> None:
    assert clean_path("Gro\u0308ße.csv") == "Gr\u00f6ße.csv"


@given(st.text(max_size=40) | st.text("a./\\: \u0308o", max_size=12))
def test_a_clean_path_stays_inside_and_clean(text: str) -> None:
    try:
        path = clean_path(text)
    except ValidationError:
        return
    assert clean_path(path) == path == unicodedata.normalize("NFC", text)
    pure = PurePosixPath(path)
    assert str(pure) == path
    assert not pure.is_absolute()
    assert ".." not in pure.parts
    assert len(path) <= MAX_PATH
    assert all(len(part.encode()) <= MAX_SEGMENT for part in pure.parts)


def test_the_format_is_the_one_stated() -> None:
    text = f"gatehouse-manifest 1\n{TWO} 5 B.csv\n{ONE} 3 a/ä b.csv\n"
    found = digest([Entry("a/a\u0308 b.csv", 3, ONE), Entry("B.csv", 5, TWO)])
    assert found == hashlib.sha256(text.encode()).hexdigest()
    assert revision(found) == found[:40]


def test_any_difference_makes_another_digest() -> None:
    base = Entry("a", 3, ONE)
    others = [[], [Entry("b", 3, ONE)], [Entry("a", 4, ONE)], [Entry("a", 3, TWO)]]
    others.append([base, Entry("b", 3, ONE)])
    assert len({digest([base]), *map(digest, others)}) == 6


@given(st.permutations([Entry(name, 1, ONE) for name in ("a", "b/c", "b/d", "ä", "Z")]))
def test_order_does_not_matter(entries: list[Entry]) -> None:
    assert digest(entries) == digest(sorted(entries, key=lambda entry: entry.path))


@pytest.mark.parametrize(
    ("code", "paths"),
    [
        ("path_duplicate", ["a", "b", "a"]),
        ("path_duplicate", ["ä", "a\u0308"]),
        ("path_conflict", ["a/b", "a/b/c/d"]),
    ],
)
def test_paths_that_exclude_each_other_are_refused(code: str, paths: list[str]) -> None:
    with pytest.raises(ValidationError) as error:
        digest(Entry(path, 1, ONE) for path in paths)
    assert error.value.code == code


def test_an_entry_is_clean_or_not_there() -> None:
    for path, size, sha256 in [("../a", 1, ONE), ("a", -1, ONE), ("a", 1, "abc")]:
        with pytest.raises(ValidationError):
            Entry(path, size, sha256)
    with pytest.raises(ValidationError):
        revision("abc")
