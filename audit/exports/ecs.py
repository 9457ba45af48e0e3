"""Elastic Common Schema 8: the fields that its detection rules read; the rest under `gatehouse`."""

from __future__ import annotations

from audit.exports.record import PRODUCT, VERSION, Record, reason

ECS = "8.17"
CATEGORY = {
    "authentication": ["authentication"],
    "authorization": ["iam"],
    "data_access": ["file"],
    "management": ["configuration"],
}
TYPES = {
    "create": "creation", "register": "creation", "open": "start", "invite": "creation",
    "upload": "creation", "edit": "change", "rename": "change", "change": "change",
    "revoke": "deletion", "remove": "deletion", "close": "end", "download": "access",
    "view": "access", "approve": "change",
}  # fmt: skip
OWN = ("kind", "door", "key", "purpose", "on_behalf_of", "resource", "object", "object_uid", "act",
       "decision", "data", "changes")  # fmt: skip


def ecs(record: Record) -> Record:
    outcome = "success" if record["outcome"] == "ok" else "failure"
    ending = record["verb"].partition(".")[2]
    types = [TYPES.get(ending.partition("_")[0], "info")]
    if record["outcome"] == "denied":
        types.append("denied")
    found: Record = {
        "@timestamp": record["time"],
        "ecs": {"version": ECS},
        "event": {
            "id": record["uid"],
            "kind": "event",
            "action": record["verb"],
            "category": CATEGORY.get(record["class"], ["configuration"]),
            "type": types,
            "outcome": outcome,
            "sequence": record["sequence"],
            "module": PRODUCT.lower(),
            "dataset": f"{PRODUCT.lower()}.trail",
        },
        "observer": {"vendor": PRODUCT, "product": PRODUCT, "version": VERSION},
        "user": {"name": record.get("actor", "unknown")},
        "related": {"user": [record.get("actor", "unknown")]},
        PRODUCT.lower(): {name: record[name] for name in OWN if name in record},
    }
    if "actor_uid" in record:
        found["user"]["id"] = record["actor_uid"]
    if "message" in record:
        found["message"] = record["message"]
    if why := reason(record):
        found["event"]["reason"] = why
    if "address" in record:
        found["source"] = {"ip": record["address"], "address": record["address"]}
        found["related"]["ip"] = [record["address"]]
    if "agent" in record:
        found["user_agent"] = {"original": record["agent"]}
    if "request" in record:
        found["trace"] = {"id": record["request"]}
    return found
