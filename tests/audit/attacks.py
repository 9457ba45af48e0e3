"""The back doors: each one way of writing that is no action."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from allauth.account.models import EmailAddress
from asgiref.sync import async_to_sync
from auditlog.context import disable_auditlog
from auditlog.models import LogEntry
from django.contrib.admin.models import LogEntry as AdminLogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connections, models
from django.db.models import F
from guardian.models import GroupObjectPermission, UserObjectPermission
from guardian.shortcuts import assign_perm

from accounts.models import Grant, Membership, Resource, User, UserPermission
from registry.models import Asset
from tests.cast import Cast, role

Attack = Callable[[Cast, Any], Any]
OUTSIDE: dict[str, Attack] = {}


def back_door(function: Attack) -> Attack:
    OUTSIDE[function.__name__] = function
    return function


def a_grant(cast: Cast) -> Grant:
    return Grant(
        role=role("steward"), user=cast.charlie, resource=cast.scans, opened_by=cast.charlie
    )


@back_door
def save(cast, tmp_path):
    cast.scans.save()


@back_door
def save_base(cast, tmp_path):
    cast.scans.save_base()


@back_door
def save_base_unbound_and_raw(cast, tmp_path):
    models.Model.save_base(cast.scans, raw=True)


@back_door
def create(cast, tmp_path):
    Membership.objects.create(user=cast.charlie, group=cast.researchers)


@back_door
def get_or_create(cast, tmp_path):
    Group.objects.get_or_create(name="intruders")


@back_door
def update_or_create(cast, tmp_path):
    User.objects.update_or_create(username="intruder", defaults={"name": "x"})


@back_door
def queryset_update(cast, tmp_path):
    Asset.objects.filter(pk=cast.scans.pk).update(card="x")


@back_door
def queryset_update_of_the_parent_only(cast, tmp_path):
    Asset.objects.filter(pk=cast.scans.pk).update(name="x")


@back_door
def queryset_update_of_no_row(cast, tmp_path):
    Group.objects.filter(pk=0).update(name="x")


@back_door
def using(cast, tmp_path):
    Group.objects.using("default").update(name="x")


@back_door
def base_manager_update(cast, tmp_path):
    Asset._base_manager.update(card="x")


@back_door
def default_manager_of_a_plain_queryset(cast, tmp_path):
    models.QuerySet(Grant).update(expires_at=None)


@back_door
def bulk_create(cast, tmp_path):
    Grant.objects.bulk_create([a_grant(cast)])


@back_door
def bulk_create_of_derived_rows(cast, tmp_path):
    held: Any = UserPermission.objects.first()
    held.pk, held.user = None, cast.charlie
    UserPermission.objects.bulk_create([held])


@back_door
def bulk_create_by_a_plain_queryset(cast, tmp_path):
    models.QuerySet[Grant](Grant).bulk_create([a_grant(cast)])


@back_door
def bulk_update(cast, tmp_path):
    Grant.objects.bulk_update(list(Grant.objects.all()), ["reason"])


@back_door
def bulk_update_by_a_plain_queryset(cast, tmp_path):
    models.QuerySet[Grant](Grant).bulk_update(list(Grant.objects.all()), ["reason"])


@back_door
def delete(cast, tmp_path):
    Grant.objects.filter(group=cast.researchers).get().delete()


@back_door
def queryset_delete(cast, tmp_path):
    UserPermission.objects.all().delete()


@back_door
def raw_delete(cast, tmp_path):
    Grant.objects.all()._raw_delete("default")


@back_door
def raw_delete_by_a_plain_queryset(cast, tmp_path):
    models.QuerySet(UserPermission)._raw_delete("default")


@back_door
def related_create(cast, tmp_path):
    cast.researchers.memberships.create(user=cast.charlie)


@back_door
def related_add(cast, tmp_path):
    cast.charlie.grants.add(a_grant(cast), bulk=False)


@back_door
def related_add_in_bulk(cast, tmp_path):
    cast.charlie.grants.add(*Grant.objects.filter(user=cast.petra))


@back_door
def many_to_many_add(cast, tmp_path):
    cast.researchers.permissions.add(Permission.objects.first())


@back_door
def cascade_from_a_group(cast, tmp_path):
    cast.researchers.delete()


@back_door
def cascade_from_a_permission(cast, tmp_path):
    Permission.objects.filter(codename="download").delete()


@back_door
def cascade_from_a_content_type(cast, tmp_path):
    ContentType.objects.get_for_model(Resource).delete()


@back_door
def loaddata(cast, tmp_path):
    fixture = tmp_path / "grant.json"
    fields = {"name": "intruders", "permissions": []}
    fixture.write_text(json.dumps([{"model": "auth.group", "pk": 999, "fields": fields}]))
    call_command("loaddata", str(fixture), verbosity=0)


@back_door
def guardian_assign_perm(cast, tmp_path):
    assign_perm("read", cast.charlie, Resource.objects.get(pk=cast.scans.pk))


@back_door
def guardian_rows_by_hand(cast, tmp_path):
    held = Permission.objects.get(codename="read")
    UserObjectPermission(
        user=cast.charlie, permission=held, object_pk="1", content_type=held.content_type
    ).save()


@back_door
def guardian_group_rows_by_hand(cast, tmp_path):
    held = Permission.objects.get(codename="read")
    GroupObjectPermission(
        group=cast.researchers, permission=held, object_pk="1", content_type=held.content_type
    ).save()


@back_door
def createsuperuser(cast, tmp_path):
    call_command("createsuperuser", interactive=False, username="root")


@back_door
def somebody_elses_group_table(cast, tmp_path):
    Group(name="intruders").save()


@back_door
def somebody_elses_address_table(cast, tmp_path):
    EmailAddress(user=cast.charlie, email="erin@example.org", verified=True).save()


@back_door
def decoy_of_auditlog(cast, tmp_path):
    LogEntry(content_type=ContentType.objects.first(), object_pk="1", action=0).save()


@back_door
def decoy_of_the_admin(cast, tmp_path):
    AdminLogEntry(user=cast.erin, action_flag=1, object_repr="x").save()


@back_door
def asynchronous_save(cast, tmp_path):
    def save() -> None:
        try:
            async_to_sync(cast.scans.asave)()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as apart:  # a browser's test leaves a loop running in ours
        apart.submit(save).result()


# --- inside an act, what would leave no diff

INSIDE: dict[str, Attack] = {
    name: OUTSIDE[name]
    for name in (
        "queryset_update",
        "queryset_update_of_the_parent_only",
        "queryset_update_of_no_row",
        "using",
        "base_manager_update",
        "default_manager_of_a_plain_queryset",
        "bulk_create",
        "bulk_update",
        "bulk_update_by_a_plain_queryset",
        "raw_delete",
        "related_add_in_bulk",
    )
}


def undiffed(function: Attack) -> Attack:
    INSIDE[function.__name__] = function
    return function


@undiffed
def expression(cast, tmp_path):
    cast.scans.name = F("slug")
    cast.scans.save()


@undiffed
def update_of_somebody_elses_table(cast, tmp_path):
    EmailAddress.objects.update(verified=True)


@undiffed
def update_of_derived_rows(cast, tmp_path):
    UserPermission.objects.update(expires_at=None)


# What the gate opens for, since an act is open; its rows are counted when the act closes.
INSIDE |= {
    name: OUTSIDE[name]
    for name in (
        "bulk_create_by_a_plain_queryset",
        "many_to_many_add",
    )
}


@undiffed
def bulk_create_in_somebody_elses_table(cast, tmp_path):
    EmailAddress.objects.bulk_create([EmailAddress(user=cast.charlie, email="c@example.org")])


@undiffed
def bulk_create_that_ignores_conflicts(cast, tmp_path):
    Group.objects.bulk_create([Group(name="intruders")], ignore_conflicts=True)


@undiffed
def guardian_bulk_assign(cast, tmp_path):
    kind = ContentType.objects.get_for_model(Resource)
    held = Permission.objects.get(codename="read")
    UserObjectPermission.objects.bulk_create(
        [UserObjectPermission(user=cast.bob, permission=held, content_type=kind, object_pk="1")]
    )


@undiffed
def raw_delete_by_a_plain_queryset_of_rows_with_diffs(cast, tmp_path):
    models.QuerySet(EmailAddress)._raw_delete("default")


@undiffed
def many_to_many_row_by_hand(cast, tmp_path):
    """Django sends no signal for a table that it made itself."""
    through: Any = Group.permissions.through
    through(group=cast.researchers, permission=Permission.objects.first()).save()


@undiffed
def old_key_in_somebody_elses_table(cast, tmp_path):
    EmailAddress(
        pk=EmailAddress.objects.first().pk, user=cast.charlie, email="erin@example.org"
    ).save()


@undiffed
def update_past_save(cast, tmp_path):
    rows: Any = EmailAddress.objects.filter(pk=EmailAddress.objects.first().pk)
    rows._update([(EmailAddress._meta.get_field("email"), None, "mallory@example.org")])


@undiffed
def update_past_save_of_our_own(cast, tmp_path):
    rows: Any = User.objects.filter(pk=cast.bob.pk)
    rows._update([(User._meta.get_field("name"), None, "Mallory")])


@undiffed
def update_past_save_on_the_account_of_another_diff(cast, tmp_path):
    cast.bob.name = "Bobby"
    cast.bob.save()
    rows: Any = User.objects.filter(pk=cast.bob.pk)
    rows._update([(User._meta.get_field("name"), None, "Mallory")])


@undiffed
def expression_in_somebody_elses_table(cast, tmp_path):
    address = EmailAddress.objects.first()
    address.verified = F("primary")
    address.save()


@undiffed
def diffs_switched_off(cast, tmp_path):
    with disable_auditlog():
        cast.bob.name = "Mallory"
        cast.bob.save()
