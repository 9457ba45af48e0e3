"""Each qualifier of a search as a condition that an index carries."""

from __future__ import annotations

import ipaddress
import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from string import digits
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchQueryField, SearchVectorField
from django.db.models import Func, Lookup, Q, Value
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from audit.language import Term, wrong
from audit.models import Event

DOORS = ("web", "rest", "authzen", "forward", "admin", "cli", "task", "system", "db")
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
YEARS = range(1970, 2201)
RELATIVE = re.compile(r"(\d{1,6})([mhdw])")


@SearchVectorField.register_lookup
class Holds(Lookup):
    """Django's own lookup would parse the right side once more."""

    lookup_name = "holds"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        left, values = self.process_lhs(compiler, connection)
        right, more = self.process_rhs(compiler, connection)
        return f"{left} @@ {right}", (*values, *more)


class Words(Func):
    """`ct-scans` as the phrase ct scans, `scan*` as a beginning: by the index's own rules."""

    function = "audit_query"
    output_field = SearchQueryField()


class Tag(Words):
    """One whole lexeme, such as `door:web`, that stands in the index beside the words."""

    template = "(%(expressions)s)::tsquery"

    def __init__(self, text: str, beginning: bool = False) -> None:
        lexeme = text.replace("\\", "\\\\").replace("'", "''")
        super().__init__(Value(f"'{lexeme}'{':*' if beginning else ''}"))


@dataclass(frozen=True)
class Qualifier:
    """How `name:value` is read, explained and shown."""

    read: Callable[[Term], Q]
    about: str
    example: str
    once: bool = False


def starred(term: Term) -> tuple[str, bool]:
    """The value, and whether it is only the beginning of what is meant."""
    text = term.value
    beginning = text.endswith("*") and not term.quoted
    text = text[:-1] if beginning else text
    if "*" in text and not term.quoted:
        raise wrong(f"{term}: a * stands only at the end, as in {term.name or 'sca'}*")
    if not text:
        raise wrong(f"{term}: write at least one character before the *")
    return text, beginning


def named(column: str) -> Callable[[Term], Q]:
    def read(term: Term) -> Q:
        text, beginning = starred(term)
        return Q(**{f"{column}__startswith" if beginning else column: text})

    return read


def verb(term: Term) -> Q:
    """`grant` and `grant.*` are all verbs of the noun."""
    text, beginning = starred(term)
    if "." not in text and not beginning:
        return Q(verb__startswith=f"{text}.")
    return Q(verb__startswith=text) if beginning else Q(verb=text)


def resource(term: Term) -> Q:
    text, beginning = starred(term)
    path = as_path(text)
    return Q(resource_path__startswith=path.rstrip("/") if beginning else path)


def words(text: str) -> list[str]:
    """What is searched for; PostgreSQL knows no NUL."""
    return text.replace("\x00", " ").split()


def as_path(address: str) -> str:
    """`oncology/ct-scans@v3` as the path under which its events lie."""
    inside = address.strip("/").replace("@", "/")
    return f"/{inside}/" if inside else "/"


def object_name(term: Term) -> Q:
    """Anywhere in the name: the index is one of three-letter parts."""
    text = term.value.strip("*")
    if len(text) < 3:
        raise wrong(f"{term}: write at least three characters of the name.")
    return Q(object_repr__icontains=text)


def tag(name: str) -> Callable[[Term], Q]:
    def read(term: Term) -> Q:
        text, beginning = starred(term)
        return Q(words__holds=Tag(f"{name}:{text}", beginning))

    return read


def one_of(name: str, choices: tuple[str, ...], column: str = "") -> Callable[[Term], Q]:
    def read(term: Term) -> Q:
        if term.value not in choices:
            raise wrong(f"{term}: {name} is one of {', '.join(choices)}.")
        return Q(**{column: term.value}) if column else Q(words__holds=Tag(f"{name}:{term.value}"))

    return read


def request(term: Term) -> Q:
    try:
        return Q(request_id=UUID(term.value))
    except ValueError:
        raise wrong(f"{term}: write the id of a request, as X-Request-ID names it.") from None


def address(term: Term) -> Q:
    try:
        network = ipaddress.ip_network(term.value, strict=False)
    except ValueError:
        form = "an address (192.0.2.7, 2001:db8::1) or a network (192.0.2.0/24)"
        raise wrong(f"{term}: write {form}.") from None
    if network.num_addresses == 1:
        return Q(remote_addr=str(network.network_address))
    last = network.broadcast_address
    return Q(remote_addr__gte=str(network.network_address), remote_addr__lte=str(last))


def since(term: Term) -> Q:
    return Q(timestamp__gte=moment(term, end=False))


def until(term: Term) -> Q:
    return Q(timestamp__lt=moment(term, end=True))


def moment(term: Term, *, end: bool) -> datetime:
    """A day, a time, or how long ago; the end of a day lies after its last second."""
    try:
        found = universal(when(term.value, end=end))
    except (ValueError, OverflowError):
        found = None
    if found is None or found.year not in YEARS:
        form = "a day (2026-05-03), a time (2026-05-03T10:00Z) or how long ago (12h, 7d, 4w)"
        raise wrong(f"{term}: write {form}, in the years {YEARS[0]} to {YEARS[-1]}.")
    return found


def universal(found: datetime | None) -> datetime | None:
    """PostgreSQL reads no offset beyond 15:59."""
    if found is None:
        return None
    return (found if timezone.is_aware(found) else timezone.make_aware(found)).astimezone(UTC)


def when(text: str, *, end: bool) -> datetime | None:
    if ago := RELATIVE.fullmatch(text):
        return timezone.now() - timedelta(**{UNITS[ago[2]]: int(ago[1])})
    if len(text) > 10:
        return parse_datetime(text)
    day = parse_date(text)
    return midnight(day + timedelta(days=1) if end else day) if day else None


def midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def changed(term: Term) -> Q:
    """`state`: whatever changed it; `state=published`: from or to this value."""
    field, equals, text = term.value.partition("=")
    if not equals:
        return Q(words__holds=Tag(f"changed:{field}"))
    found = Q()
    for value in (text, *scalar(text)):
        found |= Q(changes__contains={field: [value]})
    return found


def scalar(text: str) -> list[Any]:
    """The number, the truth value or the nothing that this text is as JSON."""
    try:
        value = json.loads(text)
    except ValueError:
        return []
    finite = not isinstance(value, float) or math.isfinite(value)
    return [value] if finite and not isinstance(value, str | list | dict) else []


def word(term: Term) -> Q:
    if not any(c.isalpha() or c in digits for c in term.value):  # as the index's [:alnum:] has it
        raise wrong(f"{term} holds no letter and no digit to search for.")
    text, beginning = (term.value, False) if term.quoted else starred(term)
    return Q(words__holds=Words(Value(text), Value(beginning)))


CLASSES, OUTCOMES = tuple(Event.Class.values), tuple(Event.Outcome.values)
QUALIFIERS: dict[str, Qualifier] = {
    "actor": Qualifier(named("actor_repr"), "who did it: a user name", "actor:bob"),
    "typed": Qualifier(
        named("actor_repr"), "a name without account, as it was typed to sign in", "typed:bbo"
    ),
    "verb": Qualifier(verb, "what was done; a noun alone is all its verbs", "verb:grant.open"),
    "resource": Qualifier(resource, "an address: there and below", "resource:oncology/ct-scans"),
    "object": Qualifier(object_name, "part of a name, 3 characters or more", "object:scans"),
    "outcome": Qualifier(
        one_of("outcome", OUTCOMES, "outcome"), ", ".join(OUTCOMES), "outcome:denied"
    ),
    "class": Qualifier(one_of("class", CLASSES), ", ".join(CLASSES), "class:data_access"),
    "door": Qualifier(one_of("door", DOORS), ", ".join(DOORS), "door:rest"),
    "key": Qualifier(tag("key"), "the id of an API key", "key:k7f3m2"),
    "purpose": Qualifier(tag("purpose"), "what it was done for", "purpose:model_training"),
    "request": Qualifier(request, "one call: its X-Request-ID", f"request:{UUID(int=0)}"),
    "ip": Qualifier(address, "an address or a network", "ip:192.0.2.0/24"),
    "changed": Qualifier(changed, "a field, or a value it had or got", "changed:state=published"),
    "since": Qualifier(since, "a day, a time, or how long ago", "since:7d", once=True),
    "until": Qualifier(until, "a day to its end, or a time", "until:2026-05-03", once=True),
}  # fmt: skip
