"""A card as a page shows it: facts from its YAML front matter, then Markdown without raw HTML."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

FENCE = "---"
MOST_FACTS, LONGEST_FACT = 30, 200
TOP_HEADING = 3  # a card stands under the page's own h1 and h2

# Raw HTML is off, so what comes out holds only the tags that the renderer itself writes. Images
# are off too: one from elsewhere would tell its server who reads this page.
markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


@dataclass(frozen=True)
class Card:
    facts: list[tuple[str, str]]
    html: SafeString


def read(text: str) -> Card:
    front, body = split(text.replace("\r\n", "\n"))
    return Card(facts(front), render(body))


def split(text: str) -> tuple[str, str]:
    if not text.startswith(f"{FENCE}\n"):
        return "", text
    front, fence, body = text.removeprefix(f"{FENCE}\n").partition(f"\n{FENCE}\n")
    return (front, body) if fence else ("", text)


def facts(front: str) -> list[tuple[str, str]]:
    """Flat values only: whatever is nested stays in the card's source."""
    try:
        found: Any = yaml.safe_load(front)
    except yaml.YAMLError:
        return []
    if not isinstance(found, dict):
        return []
    pairs = [(str(name)[:60], words(value)) for name, value in list(found.items())[:MOST_FACTS]]
    return [(name.replace("_", " ").capitalize(), value) for name, value in pairs if value]


def words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(filter(None, map(plain, value[:MOST_FACTS])))[:LONGEST_FACT]
    return plain(value)


def plain(value: Any) -> str:
    is_plain = isinstance(value, str | int | float | date)
    return str(value)[:LONGEST_FACT] if is_plain else ""


def render(body: str) -> SafeString:
    tokens = markdown.parse(body)
    settle_headings(tokens)
    for token in tokens:
        token.attrs.pop("style", None)  # columns of tables; the site's policy forbids inline style
        for child in token.children or []:
            if child.type == "link_open":
                child.attrSet("rel", "nofollow noopener noreferrer")
    html: str = markdown.renderer.render(tokens, markdown.options, {})
    return mark_safe(html)  # noqa: S308  written by the renderer alone


def settle_headings(tokens: list[Token]) -> None:
    """From h3 down, and no level is left out, as a reader of the outline expects."""
    open_levels: list[int] = []
    for token in tokens:
        if token.type == "heading_open":
            level = int(token.tag[1])
            while open_levels and open_levels[-1] >= level:
                open_levels.pop()
            open_levels.append(level)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(TOP_HEADING + len(open_levels) - 1, 6)}"
