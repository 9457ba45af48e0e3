"""The built-in roles as data: their slugs are frozen, migrations and tests hold them to it."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.permissions import Permission as P


@dataclass(frozen=True)
class BuiltIn:
    slug: str
    name: str
    description: str
    permissions: frozenset[P]
    grantable: frozenset[str] = frozenset()  # roles that its holders may give without holding them
    requestable: bool = False


READER = frozenset({P.DISCOVER, P.READ, P.DOWNLOAD})
CONTRIBUTOR = READER | {P.UPLOAD, P.EDIT}
REVIEWER = frozenset({P.DISCOVER, P.READ, P.DECIDE_REQUEST, P.REVIEW})
MANAGE = frozenset({P.MANAGE_PEOPLE, P.MANAGE_ROLES, P.MANAGE_POLICIES, P.MANAGE_KEYS})

ON_DATA = frozenset({"member", "reader", "contributor", "steward", "reviewer", "deployer"})

BUILT_IN = (
    BuiltIn(
        "member", "Member", "Sees that it exists and may ask for more.", frozenset({P.DISCOVER})
    ),
    BuiltIn("reader", "Reader", "Reads and downloads.", READER, requestable=True),
    BuiltIn(
        "contributor", "Contributor", "Adds versions and edits.", CONTRIBUTOR, requestable=True
    ),
    BuiltIn(
        "steward",
        "Steward",
        "Answers for it: gives access, decides requests, approves versions.",
        CONTRIBUTOR | {P.GRANT, P.DECIDE_REQUEST, P.APPROVE_VERSION, P.READ_TRAIL, P.REVIEW},
        grantable=frozenset({"deployer"}),
    ),
    BuiltIn("reviewer", "Reviewer", "Decides requests for access.", REVIEWER),
    BuiltIn(
        "privacy-officer",
        "Privacy officer",
        "Second, distinct approval for health and special-category data.",
        REVIEWER,
    ),
    BuiltIn(
        "deployer",
        "Deployer",
        "Calls models and puts versions into service.",
        frozenset({P.DISCOVER, P.READ, P.INVOKE, P.DEPLOY}),
        requestable=True,
    ),
    BuiltIn(
        "auditor",
        "Auditor",
        "Reads the trail everywhere, no data.",
        frozenset({P.DISCOVER, P.READ_TRAIL, P.REVIEW}),
    ),
    BuiltIn(
        "admin",
        "Admin",
        "Keeps people, roles, policies and keys; reads no data.",
        MANAGE | {P.DISCOVER, P.GRANT, P.READ_TRAIL, P.REVIEW},
        grantable=ON_DATA | {"privacy-officer", "auditor", "admin"},
    ),
    BuiltIn(
        "system",
        "System",
        "The clock: expiry, sweeping, the first admin.",
        frozenset({P.MANAGE_PEOPLE, P.MANAGE_POLICIES}),
    ),
)
