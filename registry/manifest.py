"""Manifests: which paths a version has, with which bytes, as one digest."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.core.exceptions import ValidationError

from registry.storage import clean_sha256

HEADER = "gatehouse-manifest 1"
MAX_PATH = 512
MAX_SEGMENT = 255  # bytes: what common file systems hold
# Controls, invisible format characters (a name could pose as another), surrogates, line breaks.
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Names and characters that Windows gives a meaning of its own.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?", re.IGNORECASE)
_SPECIAL = set('<>:"|?*')


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a version. Cannot exist with a path or checksum that is not clean."""

    path: str
    size: int
    sha256: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", clean_path(self.path))
        clean_sha256(self.sha256)
        if self.size < 0:
            raise ValidationError("A size is 0 bytes or more. Correct it.", code="size_negative")


def digest(entries: Iterable[Entry]) -> str:
    """SHA-256 of the canonical manifest, as 64 hex digits.

    UTF-8 text, each line ended by one line feed: first `gatehouse-manifest 1`, then a line
    `<sha256> <size in bytes> <path>` for each file, in the order of the paths' code points.
    """
    files = sorted(entries, key=lambda entry: entry.path)
    _require_distinct([entry.path for entry in files])
    lines = [HEADER, *(f"{file.sha256} {file.size} {file.path}" for file in files)]
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def revision(digest: str) -> str:
    """The 40 hex digits that clients of Git and of the Hugging Face protocol expect."""
    return clean_sha256(digest)[:40]


def clean_path(path: str) -> str:
    """The path in NFC, if it names one and the same file on every system."""
    path = unicodedata.normalize("NFC", path)
    if not path:
        raise _refusal("path_empty", "A file needs a name", "Give a path such as data/train.csv")
    if any(unicodedata.category(character) in _UNSEEN for character in path):
        raise _refusal("path_unprintable", "The path holds an invisible character", "Remove it")
    if "\\" in path:
        raise _refusal("path_backslash", "The path holds a backslash", "Separate folders with /")
    if path.startswith("/"):
        raise _refusal("path_absolute", "The path starts at the root", "Remove the leading /")
    if path.endswith("/"):
        raise _refusal("path_folder", "The path names a folder", "End it with a file name")
    if len(path) > MAX_PATH:
        raise _refusal(
            "path_too_long", f"The path has {len(path)} characters", f"Use at most {MAX_PATH}"
        )
    for segment in path.split("/"):
        _check_segment(segment)
    return path


def _check_segment(segment: str) -> None:
    if segment in ("", ".", ".."):
        raise _refusal(
            "path_traversal",
            f"The path holds the part “{segment}”",
            "Write it without //, . and ..",
        )
    if len(segment.encode()) > MAX_SEGMENT:
        raise _refusal(
            "name_too_long", "A name in the path is too long", f"Use at most {MAX_SEGMENT} bytes"
        )
    if _SPECIAL & set(segment) or _DEVICE.fullmatch(segment) or segment[-1] in ". ":
        raise _refusal(
            "name_reserved",
            f"“{segment}” cannot be stored on Windows",
            'Avoid <>:"|?*, a dot or space at the end, and names such as con, nul or com1',
        )


def _require_distinct(paths: list[str]) -> None:
    known: set[str] = set()
    for path in paths:
        if path in known:
            raise _refusal("path_duplicate", f"“{path}” is there twice", "Keep one of the two")
        known.add(path)
    for path in paths:
        for folder in map(str, PurePosixPath(path).parents):
            if folder in known:
                raise _refusal(
                    "path_conflict", f"“{folder}” is a file and a folder", "Rename one of the two"
                )


def _refusal(code: str, problem: str, fix: str) -> ValidationError:
    return ValidationError(f"{problem}. {fix}.", code=code)
