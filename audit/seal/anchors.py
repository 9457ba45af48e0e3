"""Copies of checkpoints where whoever rewrites the database does not reach."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection

from audit.delivery import files, syslog, webhooks
from audit.delivery.address import address
from audit.seal import keys, notes, objects
from audit.seal.notes import Checkpoint, Verifier

FILE = "file"
PATIENCE = 5  # seconds that a target may take
INFORMATIONAL = 6  # the severity of RFC 5424 §6.2.1
EVERY = timedelta(minutes=1)
NEWEST = "select id, note from audit_checkpoint order by id desc limit 1"
# The clock that wrote `at`; what was reached in the future was not reached.
DUE = """select at > clock_timestamp()
    or checkpoint_id < %s and clock_timestamp() - at >= make_interval(secs => %s)
  from audit_anchor where target = %s order by id desc limit 1"""
ADD = "insert into audit_anchor (checkpoint_id, target) values (%s, %s)"
PARTS = re.compile(r"\s*(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://(\[[^]/?#\s]*\]|[^/?#\\\s:\[]*))?")
log = logging.getLogger(__name__)


def last_file() -> Path:
    """The newest checkpoint, rewritten by each seal: what the next one must continue."""
    return keys.folder() / "last"


def anchors_file() -> Path:
    """One checkpoint a minute at most, only ever appended to."""
    return keys.folder() / "anchors"


def read(place: Path) -> list[str]:
    """Notes, one JSON string a line; a line that a crash cut short is none."""
    try:
        lines = place.read_text().splitlines()
    except FileNotFoundError:
        return []
    return [note for line in lines if (note := parsed(line))]


def parsed(line: str) -> str:
    try:
        found = json.loads(line)
    except ValueError:
        return ""
    return found if isinstance(found, str) else ""


def newest(known: list[Verifier]) -> Checkpoint | None:
    found = [notes.checkpoint(note, known) for note in read(last_file())]
    return found[-1] if found else None


def set_aside(size: int) -> tuple[int, Path]:
    """Keep what anchored at most this size; the whole lot goes into a folder of its own."""
    known = keys.trusted()
    every = {place: read(place) for place in (anchors_file(), last_file())}
    found = [notes.checkpoint(note, known).size for listed in every.values() for note in listed]
    aside = keys.folder() / f"before-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"
    aside.mkdir(parents=True)
    for place, listed in every.items():
        keys.replace(aside / place.name, "".join(f"{json.dumps(note)}\n" for note in listed))
        kept = [note for note in listed if notes.checkpoint(note, known).size <= size]
        keys.replace(place, "".join(f"{json.dumps(note)}\n" for note in kept))
    return max(found, default=0), aside


def publish() -> list[str]:
    """Bring the newest checkpoint to every target that is due; says which could not be reached."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST)
        found = cursor.fetchone()
    if found is None:
        return []
    checkpoint, note = found
    if read(last_file()) != [note]:
        keys.replace(last_file(), json.dumps(note) + "\n")
    failed = []
    for target in (FILE, *settings.SEAL_ANCHORS):
        if is_due(target, checkpoint) and not deliver(target, checkpoint, note):
            failed.append(target)
    return failed


def is_due(target: str, checkpoint: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(DUE, [checkpoint, EVERY.total_seconds(), target])
        found = cursor.fetchone()
    return found is None or bool(found[0])


def deliver(target: str, checkpoint: int, note: str) -> bool:
    """A target that is down delays itself, never the sealing; the next round tries again."""
    try:
        (to_file if target == FILE else sender(target))(target, note)
    except (OSError, ValueError) as error:
        log.warning("anchor %s: %s", shown(target), error)
        return False
    with connection.cursor() as cursor:
        cursor.execute(ADD, [checkpoint, target])
    return True


def parts(target: str) -> tuple[str, str]:
    """Scheme and host of whatever it is, of which no library may complain with all of it."""
    scheme, host = PARTS.findall(target)[0]
    return scheme.lower(), host


def shown(target: str) -> str:
    """Anything but scheme and host can be a secret, and where an @ is, the host can be one too."""
    scheme, host = parts(target)
    return FILE if target == FILE else f"{scheme or '…'}://{'…' if '@' in target else host}"


def described(target: str) -> str:
    """With what keeps it, where that can be asked."""
    if parts(target)[0] != objects.SCHEME:
        return shown(target)
    why = objects.complaint(target, PATIENCE)
    return f"{shown(target)} (asked from here: {why})" if why else shown(target)


def problems() -> list[str]:
    """Targets that no checkpoint will ever reach, and what to do."""
    return [f"{shown(target)}: {why}" for target in settings.SEAL_ANCHORS if (why := wrong(target))]


def wrong(target: str) -> str:
    try:
        sender(target)
    except ValueError as error:
        return str(error)
    return ""


def sender(target: str) -> Callable[[str, str], None]:
    """Of an address that can be reached; what is wrong is said without it."""
    scheme, host = parts(target)
    if scheme not in SENDERS:
        raise ValueError(f"{scheme or 'nothing'}:// is none of {', '.join(sorted(SENDERS))}")
    if scheme == objects.SCHEME:
        objects.place(target)
        return to_objects
    if "@" in target:
        raise ValueError("an address holds no credentials, and no @")
    to = address(target)
    if scheme == "syslog" and not to.host:
        if not to.path.strip("/"):
            raise ValueError("write syslog:///PATH of a socket, or syslog+udp://HOST")
    elif not host or to.host != host.strip("[]").lower() or not to.port:
        raise ValueError(f"{scheme}:// needs a host" + " and a port" * (scheme == "syslog"))
    # Elsewhere than where it is sealed there is no secret, and need be none.
    if SENDERS[scheme] is to_webhook and keys.key_file():
        secret()
    return SENDERS[scheme]


def to_file(target: str, note: str) -> None:
    place = anchors_file()
    place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    files.append(place, json.dumps(note) + "\n", 0o644)


def to_syslog(target: str, note: str) -> None:
    """`syslog:///dev/log`, `syslog+udp://host`, `syslog+tcp://host:601`, `syslog+tls://host`."""
    now = datetime.now(UTC).isoformat()
    told = syslog.message(INFORMATIONAL, now, "trail.checkpoint", json.dumps(note))
    syslog.send(address(target), [told], PATIENCE)


def to_webhook(target: str, note: str) -> None:
    body = json.dumps({"type": "trail.checkpoint", "data": {"note": note}}).encode()
    webhooks.post(address(target), note, body, secret(), PATIENCE)


def secret() -> str:
    found: str = settings.SEAL_WEBHOOK_SECRET
    if not found:
        raise ValueError("set SEAL_WEBHOOK_SECRET: an unsigned checkpoint tells nothing")
    if not webhooks.is_secret(found):
        raise ValueError("SEAL_WEBHOOK_SECRET is whsec_ and a key in base64")
    return found


def to_objects(target: str, note: str) -> None:
    objects.keep(target, note, PATIENCE)


SENDERS: dict[str, Callable[[str, str], None]] = {
    **dict.fromkeys(syslog.SCHEMES, to_syslog),
    "https": to_webhook,
    "http": to_webhook,
    objects.SCHEME: to_objects,
}
