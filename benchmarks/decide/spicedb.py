"""Embedded SpiceDB, run by a Python that has it: accesses and questions in, seconds out."""

from __future__ import annotations

import ctypes
import json
import sys
import time
from typing import Any

from authzed.api.v1 import (
    CheckPermissionRequest,
    CheckPermissionResponse,
    Consistency,
    ObjectReference,
    Relationship,
    RelationshipUpdate,
    SubjectReference,
    WriteRelationshipsRequest,
)
from spicedb_embedded import EmbeddedSpiceDB, ffi

Access = tuple[str, str, str]  # subject, permission, resource
AT_ONCE = 1000  # its limit of one write
HAS = CheckPermissionResponse.PERMISSIONSHIP_HAS_PERMISSION


def main() -> None:
    given = json.load(sys.stdin)
    held: list[Access] = [tuple(one) for one in given["held"]]
    asked: list[Access] = [tuple(one) for one in given["asked"]]
    # Release 0.7.1 frees an address of which it lost the upper half.
    ffi._get_lib().spicedb_free.argtypes = [ctypes.c_void_p]
    database = EmbeddedSpiceDB.start(schema({name for _, name, _ in held + asked}))
    permissions = database.permissions()
    for n in range(0, len(held), AT_ONCE):
        updates = [written(one) for one in held[n : n + AT_ONCE]]
        permissions.WriteRelationships(WriteRelationshipsRequest(updates=updates))
    known, found = set(held), []
    for _ in range(2):
        found = [timed(permissions, one, one in known) for one in asked]
    print(json.dumps(sorted(found)))


def schema(names: set[str]) -> str:
    lines = (f"relation at_{name}: user permission {name} = at_{name}" for name in sorted(names))
    body = "\n".join(lines).replace(" permission", "\n permission")
    return f"definition user {{}}\ndefinition dataset {{\n{body}\n}}"


def written(one: Access) -> Any:
    person, name, place = one
    who = SubjectReference(object=ObjectReference(object_type="user", object_id=person))
    what = ObjectReference(object_type="dataset", object_id=place)
    held = Relationship(resource=what, relation=f"at_{name}", subject=who)
    return RelationshipUpdate(operation=RelationshipUpdate.OPERATION_TOUCH, relationship=held)


def timed(permissions: Any, one: Access, wanted: bool) -> float:
    person, name, place = one
    start = time.perf_counter()
    request = CheckPermissionRequest(
        consistency=Consistency(fully_consistent=True),
        resource=ObjectReference(object_type="dataset", object_id=place),
        permission=name,
        subject=SubjectReference(object=ObjectReference(object_type="user", object_id=person)),
    )
    answer = permissions.CheckPermission(request).permissionship == HAS
    took = time.perf_counter() - start
    assert answer == wanted, one
    return took


if __name__ == "__main__":
    main()
