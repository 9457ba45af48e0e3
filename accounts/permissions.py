"""What can be done: verbs that hold on any resource and inherit downwards."""

from django.db.models import TextChoices


class Permission(TextChoices):
    DISCOVER = "discover", "see that it exists: name, kind, classification, owner"
    READ = "read", "read the card, the list of files and the versions"
    DOWNLOAD = "download", "fetch the bytes"
    UPLOAD = "upload", "add files and versions"
    EDIT = "edit", "change the description and the conditions"
    APPROVE_VERSION = "approve_version", "freeze and withdraw versions"
    INVOKE = "invoke", "call the deployed model"
    DEPLOY = "deploy", "put a model version into service"
    GRANT = "grant", "give and revoke access"
    DECIDE_REQUEST = "decide_request", "approve or reject requests for access"
    REVIEW = "review", "look at who holds access and why"
    READ_TRAIL = "read_trail", "read the audit trail"
    MANAGE_PEOPLE = "manage_people", "invite and deactivate people, keep groups"
    MANAGE_ROLES = "manage_roles", "define roles"
    MANAGE_POLICIES = "manage_policies", "open projects, keep the rules of approval"
    MANAGE_KEYS = "manage_keys", "issue and revoke keys"


P = Permission

# What a draft shows only to those who may edit it.
CONTENT = frozenset({P.DISCOVER, P.READ, P.DOWNLOAD, P.INVOKE, P.DEPLOY})

# What a withdrawn or retired resource no longer gives to anybody.
USE = frozenset({P.DOWNLOAD, P.UPLOAD, P.INVOKE, P.DEPLOY})
