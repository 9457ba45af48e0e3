"""The admin is one more door: same queries, same actions, same trail."""

import pytest
from django.urls import reverse

from accounts.models import Grant
from audit.doors.admin import site
from audit.models import Event
from tests.cast import role

PAGES = sorted(f"{m._meta.app_label}_{m._meta.model_name}" for m in site._registry)


def newest(verb: str) -> Event:
    return Event.objects.filter(verb=verb, kind="act").latest("id")


@pytest.mark.parametrize("page", PAGES)
def test_every_list_answers_with_search(client, cast, page):
    client.force_login(cast.erin, "accounts.backend.SignInBackend")
    answer = client.get(reverse(f"admin:{page}_changelist"), {"q": "a"})
    assert answer.status_code == 200


def test_to_others_the_admin_is_not_there(client, cast):
    """Here for one page and its event; the sweep over all addresses takes the others."""
    client.force_login(cast.charlie, "accounts.backend.SignInBackend")
    assert client.get(reverse("admin:accounts_grant_changelist")).status_code == 404
    assert Event.objects.filter(verb="admin.open", outcome="denied").exists()


def test_a_grant_made_here_leaves_the_same_act(client, cast):
    client.force_login(cast.erin, "accounts.backend.SignInBackend")
    form = {
        "role": role("reader").pk,
        "user": cast.bob.pk,
        "resource": cast.oncology.pk,
        "effect": "allow",
        "reason": "asked by phone",
    }
    answer = client.post(reverse("admin:accounts_grant_add"), form)
    assert answer.status_code == 302, answer.context["adminform"].errors
    grant = Grant.objects.get(user=cast.bob, role=role("reader"))
    act = newest("grant.open")
    assert (act.actor, act.door, act.object_pk) == (cast.erin, "admin", str(grant.pk))


def test_a_rule_refuses_in_the_form(client, cast):
    """Erin gives herself a role: refused, nothing written, one denied act."""
    client.force_login(cast.erin, "accounts.backend.SignInBackend")
    form = {
        "role": role("reader").pk,
        "user": cast.erin.pk,
        "resource": cast.oncology.pk,
        "effect": "allow",
    }
    answer = client.post(reverse("admin:accounts_grant_add"), form)
    assert answer.status_code == 403
    assert not Grant.objects.filter(user=cast.erin, resource=cast.oncology).exists()
    assert Event.objects.filter(verb="grant.open", outcome="denied").count() == 1


def test_dana_writes_nothing(client, cast):
    client.force_login(cast.dana, "accounts.backend.SignInBackend")
    assert client.get(reverse("admin:accounts_grant_add")).status_code == 403
    assert Event.objects.filter(verb="admin.open", outcome="denied").count() == 1


def test_revoking_from_the_list(client, cast):
    client.force_login(cast.erin, "accounts.backend.SignInBackend")
    grant = Grant.objects.get(user=cast.petra)
    form = {"action": "revoke", "_selected_action": [str(grant.pk)]}
    client.post(reverse("admin:accounts_grant_changelist"), form)
    grant.refresh_from_db()
    assert grant.status == "revoked"
    assert newest("grant.revoke").actor == cast.erin


def test_passwords_and_signing_out_have_one_place(client, cast):
    """Django's own views would write beside the actions."""
    client.force_login(cast.erin, "accounts.backend.SignInBackend")
    for name, there in (
        ("password_change", "account_change_password"),
        ("logout", "account_logout"),
    ):
        assert client.post(reverse(f"admin:{name}")).url == reverse(there)
    assert client.get(reverse("admin:index")).status_code == 200


def test_the_trail_in_the_admin_is_searched_in_its_language_and_recorded(client, cast):
    client.force_login(cast.dana)
    address = reverse("admin:audit_event_changelist")

    def listed(q: str) -> list[str]:
        page = client.get(address, {"q": q})
        assert page.status_code == 200
        return [event.verb for event in page.context["cl"].result_list]

    assert set(listed("actor:erin verb:group.create")) == {"group.create"}
    viewed = Event.objects.filter(verb="trail.view", actor=cast.dana, door="admin")
    assert viewed.get().message == "actor:erin verb:group.create"
    assert listed("actr:erin") == []
    event = Event.objects.filter(verb="group.create", kind="act").latest("id")
    assert client.get(reverse("admin:audit_event_change", args=[event.pk])).status_code == 200
    assert Event.objects.filter(verb="trail.view_event", actor=cast.dana, door="admin").exists()
