"""The grammar of a search: words, "phrases", `name:value`, and `-` in front of what must not be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError

MAX_LENGTH, MAX_TERMS = 500, 30
TERM = re.compile(
    r"""(?P<minus>-?)(?:(?P<name>[A-Za-z_]+):|(?![A-Za-z_]+:|-))"""
    r"""(?:"(?P<phrase>[^"]*)"|(?P<bare>[^\s"]+))(?!\S)"""
)
BARE = re.compile(r"(?![A-Za-z_]+:|-)\S+")
OPEN = re.compile(r'-?(?:[A-Za-z_]+:)?"[^"]*$')
BARE_NAME = re.compile(r"-?[A-Za-z_]+:(?!\S)")


@dataclass(frozen=True)
class Term:
    """One condition; without a name it is about the words of the event."""

    name: str
    value: str
    negated: bool = False
    quoted: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        bare = not re.search(r'[\s"]', self.value) if self.name else BARE.fullmatch(self.value)
        value = self.value if bare and not self.quoted else f'"{self.value}"'
        return f"{'-' if self.negated else ''}{f'{self.name}:' if self.name else ''}{value}"


def parse(text: str) -> tuple[Term, ...]:
    """The terms in the order in which they stand; a ValidationError shows what would be right."""
    if len(text) > MAX_LENGTH:
        raise wrong(f"A search has at most {MAX_LENGTH} characters; this one has {len(text)}.")
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs") and not character.isspace():
            raise wrong(f"U+{ord(character):04X} is no character to search for: take it out.")
    terms = tuple(split(text))
    if len(terms) > MAX_TERMS:
        raise wrong(f"A search has at most {MAX_TERMS} terms; this one has {len(terms)}.")
    return terms


def split(text: str) -> Iterator[Term]:
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        found = TERM.match(text, at)
        if found is None:
            raise misread(text[at:])
        phrase, bare = found["phrase"], found["bare"]
        value = phrase.strip() if phrase is not None else bare
        if not value:
            raise wrong('"" is empty: put a word between the quotation marks.')
        quoted = phrase is not None
        yield Term((found["name"] or "").lower(), value, bool(found["minus"]), quoted)
        at = found.end()


def misread(rest: str) -> ValidationError:
    start = rest.split(maxsplit=1)[0][:40]
    if OPEN.match(rest):
        return wrong(f'A quotation mark is open at {start}: close it, as in "two words".')
    if BARE_NAME.match(rest):
        return wrong(f"Nothing stands after {start} Write {start}value, without a space.")
    if '"' in start:
        return wrong(f'{start} has a quotation mark inside: write name:"two words".')
    return wrong(f"{start} means nothing: a - stands right before the one word that must not be.")


def wrong(message: str) -> ValidationError:
    return ValidationError({"q": message})
