"""The root of the tree, the built-in roles, and the system user with its one grant.

Written by the owner of the database, so the trail shows these rows as what they are: made
beside the application (`db.out_of_band`).
"""

import uuid

from django.db import migrations
from django.utils import timezone

PERMISSIONS = {
    "discover": "see that it exists: name, kind, classification, owner",
    "read": "read the card, the list of files and the versions",
    "download": "fetch the bytes",
    "upload": "add files and versions",
    "edit": "change the description and the conditions",
    "approve_version": "freeze and withdraw versions",
    "invoke": "call the deployed model",
    "deploy": "put a model version into service",
    "grant": "give and revoke access",
    "decide_request": "approve or reject requests for access",
    "review": "look at who holds access and why",
    "read_trail": "read the audit trail",
    "manage_people": "invite and deactivate people, keep groups",
    "manage_roles": "define roles",
    "manage_policies": "open projects, keep the rules of approval",
    "manage_keys": "issue and revoke keys",
}
READER = "discover read download"
CONTRIBUTOR = f"{READER} upload edit"
REVIEWER = "discover read decide_request review"
# slug, name, description, permissions, may be asked for
ROLES = [
    ("member", "Member", "Sees that it exists and may ask for more.", "discover", False),
    ("reader", "Reader", "Reads and downloads.", READER, True),
    ("contributor", "Contributor", "Adds versions and edits.", CONTRIBUTOR, True),
    (
        "steward",
        "Steward",
        "Answers for it: gives access, decides requests, approves versions.",
        f"{CONTRIBUTOR} grant decide_request approve_version read_trail review",
        False,
    ),
    ("reviewer", "Reviewer", "Decides requests for access.", REVIEWER, False),
    (
        "privacy-officer",
        "Privacy officer",
        "Second, distinct approval for health and special-category data.",
        REVIEWER,
        False,
    ),
    (
        "deployer",
        "Deployer",
        "Calls models and puts versions into service.",
        "discover read invoke deploy",
        True,
    ),
    ("auditor", "Auditor", "Reads the trail everywhere, no data.", "discover read_trail review", False),
    (
        "admin",
        "Admin",
        "Keeps people, roles, policies and keys; reads no data.",
        "discover grant manage_people manage_roles manage_policies manage_keys read_trail review",
        False,
    ),
    ("system", "System", "The clock: expiry, sweeping, the first admin.",
     "manage_people manage_policies", False),
]
ON_DATA = ["member", "reader", "contributor", "steward", "reviewer", "deployer"]
GRANTABLE = {"steward": ["deployer"], "admin": [*ON_DATA, "privacy-officer", "auditor", "admin"]}


def seed(apps, schema_editor):
    alias = schema_editor.connection.alias
    now = timezone.now()

    def rows(label):
        return apps.get_model(label).objects.using(alias)

    kind, _ = rows("contenttypes.ContentType").get_or_create(app_label="accounts", model="resource")
    records = {
        codename: rows("auth.Permission").get_or_create(
            content_type=kind, codename=codename, defaults={"name": name}
        )[0]
        for codename, name in PERMISSIONS.items()
    }
    roles = {}
    for slug, name, description, permissions, requestable in ROLES:
        roles[slug] = role = rows("accounts.Role").create(
            slug=slug, name=name, description=description, built_in=True, requestable=requestable
        )
        for codename in permissions.split():
            rows("accounts.RolePermission").create(role=role, codename=codename, opened_at=now)
    for giver, given in GRANTABLE.items():
        for slug in given:
            rows("accounts.Grantable").create(giver=roles[giver], role=roles[slug])
    system = rows("accounts.User").create(
        username="system", name="Gatehouse", kind="system", password=f"!{uuid.uuid4().hex}"
    )
    root = rows("accounts.Resource").create(
        kind="root", path="/", name="the whole site", state="active", owner=system
    )
    rows("accounts.StatePeriod").create(resource=root, state="active", opened_at=now)
    grant = rows("accounts.Grant").create(
        role=roles["system"],
        user=system,
        resource=root,
        origin="seed",
        reason="comes with the installation",
        opened_by=system,
        starts_at=now,
    )
    for codename in ("manage_people", "manage_policies"):
        rows("accounts.UserPermission").create(
            grant=grant,
            permission=records[codename],
            content_object=root,
            user=system,
            starts_at=now,
        )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_gate"), ("contenttypes", "0002_remove_content_type_name")]
    operations = [migrations.RunPython(seed, elidable=False)]
