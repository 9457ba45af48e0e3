"""OCSF 1.8.0: which class and activity an event is, and its objects (table: docs/exports.md)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from audit.exports.record import PRODUCT, VERSION, Record, decisions, reason

SCHEMA = "1.8.0"
SUBJECT = re.compile(r"(?P<who>.+?) (?:holds|asks for) (?P<role>\S+) on ")
CATEGORIES = {3: "Identity & Access Management", 6: "Application Activity"}


class Kind(NamedTuple):
    """A class of OCSF and one of its activities."""

    uid: int
    name: str
    activity: int
    activity_name: str


def account(activity: int, name: str) -> Kind:
    return Kind(3001, "Account Change", activity, name)


def logon(activity: int, name: str) -> Kind:
    return Kind(3002, "Authentication", activity, name)


def entity(activity: int, name: str) -> Kind:
    return Kind(3004, "Entity Management", activity, name)


def access(activity: int, name: str) -> Kind:
    return Kind(3005, "User Access Management", activity, name)


def group(activity: int, name: str) -> Kind:
    return Kind(3006, "Group Management", activity, name)


def api(activity: int, name: str) -> Kind:
    return Kind(6003, "API Activity", activity, name)


VERBS = {
    "access_request.approve": access(1, "Assign Privileges"),
    "file.download": api(2, "Read"),
    "file.upload": api(1, "Create"),
    "file.refer": api(1, "Create"),
    "file.remove": api(4, "Delete"),
    "grant.open": access(1, "Assign Privileges"),
    "grant.revoke": access(2, "Revoke Privileges"),
    "group.add_member": group(3, "Add User"),
    "group.create": group(6, "Create"),
    "group.remove_member": group(4, "Remove User"),
    "key.exchange": logon(3, "Authentication Ticket"),
    "password.change": account(3, "Password Change"),
    "person.create_admin": account(1, "Create"),
    "person.deactivate": account(5, "Disable"),
    "person.invite": account(1, "Create"),
    "person.reactivate": account(2, "Enable"),
    "service.register": account(1, "Create"),
    "session.close": logon(2, "Logoff"),
    "session.open": logon(1, "Logon"),
}
ENDINGS = {
    "create": entity(1, "Create"),
    "register": entity(1, "Create"),
    "issue": entity(1, "Create"),
    "submit": entity(1, "Create"),
    "edit": entity(3, "Update"),
    "rename": entity(3, "Update"),
    "approve": entity(10, "Activate"),
    "revoke": entity(11, "Deactivate"),
    "retire": entity(11, "Deactivate"),
    "withdraw": entity(12, "Suspend"),
}
READING, OTHER = api(2, "Read"), entity(99, "Other")
SEVERITY = {"ok": (1, "Informational"), "failed": (2, "Low"), "denied": (3, "Medium")}


def kind(record: Record) -> Kind:
    verb = record["verb"]
    if found := VERBS.get(verb):
        return found
    if record["class"] == "data_access":
        return READING
    return ENDINGS.get(verb.partition(".")[2], OTHER)


def ocsf(record: Record) -> Record:
    what = kind(record)
    severity, severity_name = SEVERITY.get(record["outcome"], (0, "Unknown"))
    ok = record["outcome"] == "ok"
    event: Record = {
        "activity_id": what.activity,
        "activity_name": what.activity_name,
        "category_uid": what.uid // 1000,
        "category_name": CATEGORIES[what.uid // 1000],
        "class_uid": what.uid,
        "class_name": what.name,
        "type_uid": what.uid * 100 + what.activity,
        "type_name": f"{what.name}: {what.activity_name}",
        "severity_id": severity,
        "severity": severity_name,
        "status_id": 1 if ok else 2,
        "status": "Success" if ok else "Failure",
        "time": int(datetime.fromisoformat(record["time"]).timestamp() * 1000),
        "timezone_offset": 0,
        "metadata": metadata(record),
        "actor": actor(record),
        "unmapped": unmapped(record),
    }
    if why := reason(record):
        event["status_code"] = why
    if record.get("message"):
        event["message"] = record["message"]
    return event | endpoint(record) | ABOUT[what.uid](record)


def metadata(record: Record) -> Record:
    found = {
        "version": SCHEMA,
        "uid": record["uid"],
        "sequence": record["sequence"],
        "event_code": record["verb"],
        "log_name": "trail",
        "log_provider": PRODUCT,
        "product": {"name": PRODUCT, "vendor_name": PRODUCT, "version": VERSION},
    }
    return found | ({"correlation_uid": record["request"]} if "request" in record else {})


def user(name: str, uid: str = "") -> Record:
    return {"name": name or "unknown"} | ({"uid": uid} if uid else {})


def actor(record: Record) -> Record:
    found: Record = {"user": user(record.get("actor", ""), record.get("actor_uid", ""))}
    if "key" in record:
        found["session"] = {"credential_uid": record["key"]}
    if passed := decisions(record):
        found["authorizations"] = [authorization(one) for one in passed]
    return found


def authorization(passed: Record) -> Record:
    names = {"name": "permission", "type": "rule", "desc": "path"}
    policy = {name: str(passed[ours]) for name, ours in names.items() if ours in passed}
    uid = {"uid": str(passed["grant"])} if passed.get("grant") else {}
    return {"decision": "ALLOW", "policy": policy | uid}


def endpoint(record: Record) -> Record:
    return {"src_endpoint": {"ip": record["address"]}} if "address" in record else {}


def unmapped(record: Record) -> Record:
    named = ("door", "agent", "purpose", "on_behalf_of", "act", "data", "changes", "kind")
    return {name: record[name] for name in named if name in record}


def target(record: Record) -> Record:
    """Whom it is about: an account by its name, the holder of a grant by the grant's."""
    name = record.get("object", "")
    found = SUBJECT.match(name)
    return user(found["who"] if found else name or record.get("actor", ""))


def resources(record: Record) -> list[Record]:
    path = record.get("resource", "")
    where = {"uid": path, "name": path.strip("/") or "site", "type": "resource"}
    what = {"name": record["object"], "type": "object"} if "object" in record else None
    uid = {"uid": record["object_uid"]} if "object_uid" in record else {}
    return [*([where] if path else []), *([what | uid] if what else [])] or [{"name": "site"}]


def privileges(record: Record) -> list[str]:
    found = SUBJECT.match(record.get("object", ""))
    return [found["role"] if found else "unknown"]


def called(record: Record) -> Record:
    """API Activity wants an address even of what came through no network."""
    where = {} if "address" in record else {"src_endpoint": {"name": record.get("door", "system")}}
    request = {"request": {"uid": record["request"]}} if "request" in record else {}
    service = {"service": {"name": record.get("door", "system")}}
    operation = {"operation": record["verb"]}
    return {"api": operation | service | request, "resources": resources(record)} | where


def managed(record: Record) -> Record:
    first = resources(record)[-1]
    return {"entity": {key: first[key] for key in ("name", "uid", "type") if key in first}}


ABOUT: dict[int, Callable[[Record], Record]] = {
    3001: lambda r: {"user": target(r)},
    3002: lambda r: {
        "user": user(r.get("actor", ""), r.get("actor_uid", "")),
        "service": {"name": r.get("door", PRODUCT)},
    },
    3004: managed,
    3005: lambda r: {
        "user": target(r),
        "privileges": privileges(r),
        "resources": resources(r),
    },
    3006: lambda r: {"group": {"name": r.get("object", "unknown")}},
    6003: called,
}
