"""One search: its terms, as a condition and as the text that says the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q

from audit.language import Term, parse, wrong
from audit.models import Event
from audit.qualifiers import QUALIFIERS, moment, word
from audit.typed import DIGEST, digest

NOT_CHANGES = ~Q(kind=Event.Kind.CHANGE)


@dataclass(frozen=True)
class Search:
    """One search, as it stands in an address, in a saved filter and in the record of looking."""

    terms: tuple[Term, ...] = ()

    @classmethod
    def of(cls, text: str = "", **values: str) -> Search:
        """From the language, with further qualifiers by name; what is wrong says what is right."""
        more = tuple(whole(Term(name, value)) for name, value in values.items() if value)
        found = cls(tuple(map(unsaid, parse(text) + more)))
        found.condition()
        return found

    @classmethod
    def read(cls, query: Mapping[str, Any]) -> Search:
        """From a query string: `q` in the language, and each qualifier as a parameter too."""
        text = " ".join(str(query[name]) for name in ("q", "text") if query.get(name))
        given = {name: str(query[name]) for name in QUALIFIERS if query.get(name)}
        try:
            return cls.of(text, **given)
        except ValidationError:
            for name, value in given.items():
                single(name, value)
            raise

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))

    def __bool__(self) -> bool:
        return bool(self.terms)

    @property
    def about_changes(self) -> bool:
        """`changed:` finds the field diffs themselves, everything else the acts."""
        return any(term.name == "changed" for term in self.terms)

    @property
    def end(self) -> datetime | None:
        """Where the newest of what is asked for may lie, if not now."""
        return next((moment(t, end=True) for t in self.terms if t.name == "until"), None)

    def value(self, name: str) -> str:
        """What stands there for one qualifier, for the facet that shows it."""
        found = [t.value for t in self.terms if t.name == name and not t.negated]
        return found[0] if len(found) == 1 else ""

    def having(self, name: str, value: str) -> Search:
        """The same search with this value, or none, for one qualifier."""
        kept = tuple(t for t in self.terms if t.name != name)
        return replace(self, terms=(*kept, Term(name, value)) if value else kept)

    def without(self, term: Term) -> Search:
        return replace(self, terms=tuple(t for t in self.terms if t != term))

    def condition(self) -> Q:
        """Values of one qualifier are alternatives; words and everything negated all hold."""
        found = Q(changes__isnull=False) if self.about_changes else NOT_CHANGES
        for name in dict.fromkeys(t.name for t in self.terms):
            wanted = Q()
            for term in self.terms:
                if term.name != name:
                    continue
                meant = meaning(term)
                if term.negated:
                    found &= ~meant
                elif name:
                    wanted |= meant
                else:
                    wanted &= meant
            if name and QUALIFIERS[name].once and self.count(name) > 1:
                raise wrong(f"{name}: stands there twice; write it once.")
            found &= wanted
        return found

    def count(self, name: str) -> int:
        return sum(term.name == name for term in self.terms)


def meaning(term: Term) -> Q:
    if not term.name:
        return word(term)
    if term.name not in QUALIFIERS:
        known = ", ".join(QUALIFIERS)
        raise wrong(
            f"There is no {term.name}: to search by. Known: {known}. "
            f'For these very words write "{term.name}:{term.value}" in quotation marks.'
        )
    if QUALIFIERS[term.name].once and term.negated:
        raise wrong(f"{term}: a time is not negated; since: and until: are each other's opposite.")
    return QUALIFIERS[term.name].read(term)


def whole(term: Term) -> Term:
    """A value from elsewhere, as the language could have said it."""
    if not term.value.strip() or '"' in term.value:
        raise wrong(f"{term.name}: write a value without quotation marks.")
    (found,) = parse(str(term))
    return found


def unsaid(term: Term) -> Term:
    """Asked whether it was this name, the search itself does not keep the name."""
    if term.name != "typed" or DIGEST.fullmatch(term.value):
        return term
    return replace(term, value=digest(term.value), quoted=False)


def single(name: str, value: str) -> None:
    """A wrong parameter is named as such."""
    try:
        meaning(whole(Term(name, value)))
    except ValidationError as error:
        raise ValidationError({name: error.messages}) from None
