"""A path is read in one way or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import paths

TRICKS = [
    "/v1/models/../secret",
    "/v1/models/./secret",
    "/v1/models/%2e%2e/secret",
    "/v1/models/.%2E/secret",
    "/v1/models/a%2fb",
    "/v1/models/a%2Fb",
    "/v1/models/a%5cb",
    "/v1/models/a\\b",
    "/v1//models",
    "//v1/models",
    "/v1/models/a;b",
    "/v1/models/a%3bb",
    "/v1/models/a%00",
    "/v1/models/a\x00",
    "/v1/models/a%252fb",
    "/v1/models/a%25",
    "/v1/models/a%zz",
    "/v1/models/a%",
    "/v1/models/a%0d%0ab",
    "/v1/models/a%c0%afb",
    "/v1/models/a%ff",
    "/v1/models/a#b",
    "/v1/models/ü",
    "v1/models",
    "https://other.example.org/v1/models",
    "*",
    "",
    "/" + "a" * 3000,
]


@pytest.mark.parametrize("raw", TRICKS)
def test_unclear_paths_are_refused(raw):
    with pytest.raises(paths.Unclear):
        paths.clean(raw)


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("/", "/"),
        ("/v1/models/tumour?x=/../y%2f", "/v1/models/tumour"),
        ("/v1/models/a%20b", "/v1/models/a b"),
        ("/v1/models/%C3%BC", "/v1/models/ü"),
        ("/v1/models/tumour/", "/v1/models/tumour/"),
    ],
)
def test_clear_paths_are_decoded_once(raw, path):
    assert paths.clean(raw) == path


@given(st.text(alphabet="/.%25fFcC;\\ab?#\x00é", max_size=12))
def test_what_passes_has_one_reading(text):
    try:
        path = paths.clean("/" + text)
    except paths.Unclear:
        return
    steps = path[1:].split("/")
    assert not {".", ".."} & set(steps)
    assert "" not in steps[:-1]
    assert not set("\\;%\x00") & set(path)
    assert path.count("/") == ("/" + text).partition("?")[0].count("/")  # none came by decoding


@pytest.mark.parametrize(
    ("raw", "host"),
    [
        ("Models.Example.org:8443", "models.example.org"),
        ("models.example.org.", "models.example.org"),
        ("127.0.0.1:80", "127.0.0.1"),
        ("[::1]:8080", "[::1]"),
        ("[::1]", "[::1]"),
    ],
)
def test_hosts(raw, host):
    assert paths.hostname(raw) == host


@pytest.mark.parametrize("port", ["0", "65536", "99999", "٣"])
def test_a_port_that_there_is_not_is_refused(port):
    assert paths.hostname("a.example.org:65535") == "a.example.org"
    with pytest.raises(paths.Unclear):
        paths.hostname(f"a.example.org:{port}")


@pytest.mark.parametrize("raw", ["", "a,b", "a b", "a/b", "a@b", "a\x00", "ü.example.org", "[::1"])
def test_unclear_hosts_are_refused(raw):
    with pytest.raises(paths.Unclear):
        paths.hostname(raw)


def matches(pattern: str, path: str) -> dict[str, str] | None:
    found = paths.compiled(pattern).fullmatch(path)
    return found.groupdict() if found else None


def test_patterns_match_whole_segments():
    assert matches("/v1/models/{name}/infer", "/v1/models/tumour/infer") == {"name": "tumour"}
    assert matches("/v1/models/{name}:predict", "/v1/models/t@v2:predict") == {"name": "t@v2"}
    assert matches("/v1/models/{name}", "/v1/models/a/b") is None
    assert matches("/v1/models/{name}", "/v1/models/a b") is None
    assert matches("/v1/models/{name}", "/v1/models/ü") is None
    assert matches("/v1/models/{name}", "/v1/models/") is None
    assert matches("/v1/models/{name}", "/v1/models/a\n") is None
    assert matches("/v1.0/x", "/v1a0/x") is None
    assert matches("/files/**", "/files/a/b.csv") == {}
    assert matches("/files/**", "/files") is None


def test_the_more_specific_pattern_comes_first():
    order = ["/a/b", "/a/x{n}", "/a/{n}", "/a/**", "/{n}/b", "/**"]
    mixed = [order[at] for at in (3, 5, 0, 4, 2, 1)]
    assert sorted(mixed, key=paths.rank) == order
