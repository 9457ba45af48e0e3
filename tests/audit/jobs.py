"""Tasks for the worker of the tests: one that writes beside the actions, one through them."""

from django.contrib.auth.models import Group

from accounts.actions import groups
from accounts.models import User
from audit.doors.tasks import job


@job
def intrude(name: str) -> None:
    Group(name=name).save()


@job
def found(name: str, by: str) -> None:
    groups.create(name=name, by=User.objects.get(username=by))
