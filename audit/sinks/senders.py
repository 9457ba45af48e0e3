"""What a sink sends: lines, messages, or a batch as one event."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.utils import timezone

from audit.delivery import files, syslog, webhooks
from audit.exports.formats import FORMATS
from audit.exports.record import Record
from audit.sinks.targets import Target

SEVERITY = {"ok": 6, "denied": 4, "failed": 5}


def send(target: Target, records: list[Record]) -> None:
    SENDERS[target.scheme](target, records)


def line(target: Target, record: Record) -> str:
    return FORMATS[target.format].lines([record]).rstrip("\n")


def to_file(target: Target, records: list[Record]) -> None:
    files.append(target.path, FORMATS[target.format].lines(records))


def to_syslog(target: Target, records: list[Record]) -> None:
    syslog.send(target, [message(one, line(target, one)) for one in records])


def message(record: Record, text: str) -> str:
    return syslog.message(SEVERITY.get(record["outcome"], 5), record["time"], record["verb"], text)


def to_webhook(target: Target, records: list[Record]) -> None:
    lines = ",".join(line(target, record) for record in records)
    now = timezone.now().isoformat()
    body = f'{{"type":"trail.events","timestamp":"{now}","data":[{lines}]}}'
    secret = Path(target.secret).read_text().strip()
    webhooks.post(target, "".join(record["uid"] for record in records), body.encode(), secret)


SENDERS: dict[str, Callable[[Target, list[Record]], None]] = {
    "file": to_file,
    "syslog+tls": to_syslog,
    "https": to_webhook,
}
