"""The formats by name: each turns records into lines of text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.core.serializers.json import DjangoJSONEncoder

from audit.exports.cef import cef
from audit.exports.ecs import ecs
from audit.exports.ocsf import ocsf
from audit.exports.record import Record, proofs_of, records
from audit.models import Event

COLUMNS = (
    "uid", "time", "kind", "verb", "class", "outcome", "actor", "actor_uid", "on_behalf_of", "key",
    "resource", "object", "object_uid", "purpose", "message", "door", "address", "agent", "act",
    "request", "decision", "data", "changes", "sequence",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True)
class Format:
    """How a file begins, and the lines of some records."""

    lines: Callable[[Iterable[Record]], str]
    header: str = ""
    media: str = "application/x-ndjson"
    make: Callable[[list[Event]], list[Record]] = records


def dump(value: object) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))


def json_lines(shape: Callable[[Record], Record]) -> Callable[[Iterable[Record]], str]:
    return lambda records: "".join(f"{dump(shape(record))}\n" for record in records)


def rows(records: Iterable[Record]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows([cell(one.get(name, "")) for name in COLUMNS] for one in records)
    return written.getvalue()


def cell(value: object) -> str:
    """What a spreadsheet would run as a formula is text to it behind an apostrophe."""
    text = value if isinstance(value, str) else dump(value)
    return f"'{text}" if text.startswith(FORMULA) else text


FORMATS: dict[str, Format] = {
    "jsonl": Format(json_lines(lambda record: record)),
    "csv": Format(rows, ",".join(COLUMNS) + "\r\n", "text/csv"),
    "ocsf": Format(json_lines(ocsf)),
    "ecs": Format(json_lines(ecs)),
    "cef": Format(lambda records: "".join(f"{cef(r)}\n" for r in records), media="text/plain"),
    "proof": Format(json_lines(lambda record: record), make=proofs_of),
}
