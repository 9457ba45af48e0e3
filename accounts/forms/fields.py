"""Fields that name people, groups and resources, with suggestions that need no script."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.models import Resource, User
from audit.queries import as_path

SUGGESTED = 300  # options in the page; what is typed is looked up among all
GROUP = "group:"


class UserForm(forms.Form):
    """A form that offers what its person may name."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.prepare()

    def prepare(self) -> None:
        """Fill in what the person may choose from."""


class Suggest(forms.TextInput):
    """A text field with a list of suggestions: (value, label) pairs."""

    suggestions: list[tuple[str, str]]

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"autocomplete": "off", "spellcheck": "false", **(attrs or {})})
        self.suggestions = []

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        options = format_html_join("", '<option value="{}">{}</option>', self.suggestions)
        field = super().render(name, value, {**(attrs or {}), "list": f"list-{name}"}, renderer)
        return format_html('{}<datalist id="list-{}">{}</datalist>', field, name, options)


class MomentField(forms.DateTimeField):
    """In UTC, whatever offset was typed; what lies before or after all its years is refused."""

    def to_python(self, value: Any) -> datetime | None:
        try:
            found = super().to_python(value)
            return found and found.astimezone(UTC)
        except OverflowError:
            invalid = self.error_messages["invalid"]
            raise ValidationError(invalid, code="invalid") from None


class PersonField(forms.CharField):
    """An active person or service, by user name."""

    widget = Suggest
    people: QuerySet[User]

    def among(self, people: QuerySet[User], suggested: QuerySet[User] | None = None) -> None:
        """Fewer may be suggested than named: why not somebody else is for a rule to say."""
        self.people = people
        shown = people if suggested is None else suggested
        pairs = [(user.username, user.label) for user in shown[:SUGGESTED]]
        self.widget.suggestions = pairs

    def clean(self, value: Any) -> Any:
        name = super().clean(value)
        if not name:
            return None
        person = self.people.filter(username__iexact=name).first()
        if person is None:
            raise ValidationError(f"Nobody here has the user name {name}: pick one from the list.")
        return person


class SubjectField(PersonField):
    """A person or service by user name, or `group:name`."""

    groups: QuerySet[Group]

    def among_all(self, people: QuerySet[User], groups: QuerySet[Group]) -> None:
        self.among(people)
        self.groups = groups
        pairs = [(f"{GROUP}{group.name}", "group") for group in groups[:SUGGESTED]]
        self.widget.suggestions += pairs

    def clean(self, value: Any) -> Any:
        name = forms.CharField.clean(self, value)
        if not name.startswith(GROUP):
            return super().clean(value)
        group = self.groups.filter(name=name.removeprefix(GROUP)).first()
        if group is None:
            raise ValidationError(f"There is no {name}: pick one from the list.")
        return group


class ResourceField(forms.CharField):
    """A resource by its address, `project/name@v3`; `site` is everything."""

    widget = Suggest
    resources: QuerySet[Resource]

    def among(self, resources: QuerySet[Resource]) -> None:
        self.resources = resources
        pairs = [(resource.address, resource.label) for resource in resources[:SUGGESTED]]
        self.widget.suggestions = pairs

    def clean(self, value: Any) -> Any:
        address = super().clean(value)
        if not address:
            return None
        path = "/" if address == "site" else as_path(address)
        resource = self.resources.filter(path=path).first()
        if resource is None:
            raise ValidationError(
                f"There is no {address} that you may name here: pick from the list."
            )
        return resource


def in_days(text: str) -> datetime:
    return timezone.now() + timedelta(days=int(text))
