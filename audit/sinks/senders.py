"""Three ways for records to leave; each returns only when they are somewhere else for good."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import socket
import ssl
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from django.utils import timezone

from audit.exports.formats import FORMATS
from audit.exports.record import PRODUCT, Record
from audit.sinks.targets import Target
from audit.sinks.tls import connected

AUDIT = 13 * 8  # the facility of RFC 5424 §6.2.1
SEVERITY = {"ok": 6, "denied": 4, "failed": 5}
ANSWER = 65_536  # bytes of an answer that are read


class NotTaken(Exception):
    """The other side answered, and not with a yes."""


def send(target: Target, records: list[Record]) -> None:
    SENDERS[target.scheme](target, records)


def line(target: Target, record: Record) -> str:
    return FORMATS[target.format].lines([record]).rstrip("\n")


def to_file(target: Target, records: list[Record]) -> None:
    """Opened for each batch, so a file that was rotated away is made anew."""
    text = FORMATS[target.format].lines(records)
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
    with os.fdopen(os.open(target.path, flags, 0o600), "r+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        if size and os.pread(file.fileno(), 1, size - 1) != b"\n":
            text = f"\n{text}"  # a batch broke off here; the whole of it comes again
        whole = text.encode(errors="backslashreplace")
        if file.write(whole) != len(whole):
            raise NotTaken("the disk is full")
        os.fsync(file.fileno())


def to_syslog(target: Target, records: list[Record]) -> None:
    """RFC 5424 messages, counted by octets (RFC 6587), over TLS (RFC 5425)."""
    frames = [frame(message(record, line(target, record))) for record in records]
    with connected(target) as tls:
        tls.sendall(b"".join(frames))
        taken(tls)


def taken(tls: ssl.SSLSocket) -> None:
    """Syslog answers nothing; but who closes in order, and does not reset, has read everything."""
    try:
        tls.unwrap()
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
        pass
    except ssl.SSLError as error:
        raise NotTaken(f"it did not close in order: {error.reason}") from None


def message(record: Record, text: str) -> str:
    priority = AUDIT + SEVERITY[record["outcome"]]
    verb = record["verb"][:32]
    host = socket.gethostname()[:255] or "-"
    return f"<{priority}>1 {record['time']} {host} {PRODUCT.lower()} - {verb} - {text}"


def frame(text: str) -> bytes:
    body = text.encode(errors="backslashreplace")
    return b"%d %b" % (len(body), body)


def to_webhook(target: Target, records: list[Record]) -> None:
    """As Standard Webhooks has it; the id is that of the batch, so a repetition is known as one."""
    uid = f"msg_{hashlib.sha256(''.join(r['uid'] for r in records).encode()).hexdigest()[:32]}"
    lines = ",".join(line(target, record) for record in records)
    now = timezone.now().isoformat()
    body = f'{{"type":"trail.events","timestamp":"{now}","data":[{lines}]}}'
    headers = signed(Path(target.secret).read_text().strip(), uid, body.encode())
    with connected(target) as tls:
        caller = HTTPConnection(target.host, target.port)
        caller.sock = tls
        try:
            caller.request("POST", target.path or "/", body.encode(), headers)
            answer = caller.getresponse()
            answer.read(ANSWER)
        except HTTPException as error:
            raise NotTaken(f"it answers no HTTP: {type(error).__name__}") from None
    if not 200 <= answer.status < 300:
        raise NotTaken(f"it answers {answer.status}")


def signed(secret: str, uid: str, body: bytes) -> dict[str, str]:
    """https://www.standardwebhooks.com: HMAC-SHA256 over id, time and body."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    at = str(int(time.time()))
    digest = hmac.digest(key, b".".join([uid.encode(), at.encode(), body]), "sha256")
    return {
        "Content-Type": "application/json",
        "User-Agent": PRODUCT,
        "webhook-id": uid,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


SENDERS: dict[str, Callable[[Target, list[Record]], None]] = {
    "file": to_file,
    "syslog+tls": to_syslog,
    "https": to_webhook,
}
