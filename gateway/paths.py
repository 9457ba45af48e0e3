"""A path as a proxy saw it, decoded once or refused; and patterns that match whole segments."""

from __future__ import annotations

import re
from urllib.parse import unquote

from audit.queries import as_path

CAPTURE = re.compile(r"\{([a-z][a-z0-9_]*)\}", re.ASCII)
VALUE = r"[A-Za-z0-9._@-]+"  # what an address of ours is made of: no separator of any kind
REST = "**"
HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?", re.ASCII)
METHOD = re.compile(r"[A-Z]{1,20}", re.ASCII)
# An encoded separator, percent sign or NUL means one thing here and another one behind the proxy.
HIDDEN = re.compile(r"%(?:2f|5c|25|3b|00|2e)", re.IGNORECASE)
BROKEN = re.compile(r"%(?![0-9a-fA-F]{2})")
LONGEST = 2000


class Unclear(ValueError):
    """A path that two programs could read in two ways."""


def clean(raw: str) -> str:
    """The path of a request target, without its query."""
    path = raw.partition("?")[0]
    if not raw.isascii() or len(path) > LONGEST or "#" in raw or HIDDEN.search(path):
        raise Unclear
    if BROKEN.search(path):
        raise Unclear
    try:
        return plain(unquote(path, errors="strict"))
    except UnicodeDecodeError:
        raise Unclear from None


def plain(path: str) -> str:
    """A path that is decoded already: absolute, no step up, nothing that splits it otherwise."""
    steps = path[1:].split("/")
    if (
        not path.startswith("/")
        or len(path) > LONGEST
        or any(step in (".", "..") for step in steps)
        or "" in steps[:-1]
        or any(character in path for character in "\\;%")
        or not path.isprintable()
    ):
        raise Unclear
    return path


def hostname(raw: str) -> str:
    """Lower case, without port and final dot."""
    host = raw.strip().lower()
    name, _, port = host.rpartition(":")
    if name and port.isdigit() and not name.endswith(":"):
        host, suffix = name, f":{port}"
    else:
        suffix = ""
    host = host.removesuffix(".")
    if not HOST.fullmatch(host + suffix) or (suffix and not 0 < int(port) < 65536):
        raise Unclear
    return host


def compiled(pattern: str) -> re.Pattern[str]:
    """`/v1/models/{name}/versions/{n}/**`: captures within a segment, `**` for all the rest."""
    steps = [".+" if step == REST else segment(step) for step in pattern.split("/")]
    return re.compile("/".join(steps), re.ASCII)


def segment(step: str) -> str:
    parts = CAPTURE.split(step)  # literal, name, literal, name, ..., literal
    return "".join(
        f"(?P<{part}>{VALUE})" if index % 2 else re.escape(part) for index, part in enumerate(parts)
    )


def captures(text: str) -> list[str]:
    return CAPTURE.findall(text)


def depth(address: str) -> int:
    """How far below the root an address leads, each of its captures being one step."""
    return as_path(CAPTURE.sub("x", address)).count("/")


def shape(pattern: str) -> str:
    """Two patterns of one shape match the same paths."""
    return CAPTURE.sub("{}", pattern)


def rank(pattern: str) -> list[tuple[int, int]]:
    """Sorts the more specific first: a literal before a capture before the rest, left to right."""
    return [
        (2, 0) if step == REST else (1, -len(CAPTURE.sub("", step))) if "{" in step else (0, 0)
        for step in pattern.split("/")
    ]
