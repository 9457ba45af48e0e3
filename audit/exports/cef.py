"""Common Event Format, version 0: one line an event, for collectors that know nothing younger."""

from __future__ import annotations

import json
from datetime import datetime

from audit.exports.record import PRODUCT, VERSION, Record, decisions, reason

SEVERITY = {"ok": 2, "failed": 5, "denied": 7}
LONGEST = 1023  # characters of a value, by the format


def cef(record: Record) -> str:
    verb = record["verb"]
    head = ["CEF:0", PRODUCT, PRODUCT, VERSION, verb, record.get("message") or verb]
    line = "|".join([head[0], *map(header, head[1:]), str(SEVERITY.get(record["outcome"], 5))])
    return f"{line}|{' '.join(f'{k}={value(v)}' for k, v in extension(record).items() if v)}"


def extension(record: Record) -> dict[str, str]:
    first = next(iter(decisions(record)), {})
    changes = json.dumps(record["changes"], ensure_ascii=False) if "changes" in record else ""
    return {
        "externalId": record["uid"],
        "rt": str(int(datetime.fromisoformat(record["time"]).timestamp() * 1000)),
        "act": record["verb"],
        "outcome": record["outcome"],
        "cat": record["class"],
        "suser": record.get("actor", ""),
        "suid": record.get("actor_uid", ""),
        **source(record.get("address", "")),
        "requestClientApplication": record.get("agent", ""),
        "app": record.get("door", ""),
        "filePath": record.get("resource", ""),
        "fname": record.get("object", ""),
        "reason": reason(record),
        **labelled(1, "request", record.get("request", "")),
        **labelled(2, "key", record.get("key", "")),
        **labelled(3, "purpose", record.get("purpose", "")),
        **labelled(4, "grant", str(first.get("grant") or "")),
        **labelled(5, "changes", changes),
    }


def source(address: str) -> dict[str, str]:
    """`src` is an IPv4 address; version 6 has a field of its own."""
    return {"c6a2": address, "c6a2Label": "Source IPv6"} if ":" in address else {"src": address}


def labelled(number: int, label: str, text: str) -> dict[str, str]:
    return {f"cs{number}": text, f"cs{number}Label": label} if text else {}


def header(text: str) -> str:
    plain = " ".join(text.splitlines())[:LONGEST]
    return plain.replace("\\", "\\\\").replace("|", "\\|")


def value(text: str) -> str:
    escaped = text[:LONGEST].replace("\\", "\\\\").replace("=", "\\=")
    return escaped.replace("\r", "\\r").replace("\n", "\\n")
