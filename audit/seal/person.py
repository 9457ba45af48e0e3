"""What is exactly one person's: their names, then and now, and the rows that carry a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models

from audit.models import root_model

# As `named_after` of models that are ours.
THIRD_PARTY = {"account.EmailAddress": "user"}
PAST = """
select distinct name, lower(value)
  from audit_event e,
       jsonb_each(case jsonb_typeof(e.changes) when 'object' then e.changes else '{}' end)
         as field (name, pair),
       jsonb_array_elements_text(case jsonb_typeof(pair) when 'array' then pair else '[]' end)
         as value
 where e.content_type_id = %s and e.object_pk = %s and e.kind = 'change'
   and name in ('username', 'email', 'name') and value <> ''
"""


@dataclass(frozen=True)
class Person:
    """By whom the trail is searched: `names` are user names, `words` are theirs in free text."""

    pk: Any
    type: int
    table: str
    names: list[str]
    emails: list[str]
    words: list[str]
    rows: list[tuple[int, str]]

    @property
    def pattern(self) -> str:
        """Whole words: the characters of names and addresses do not end one."""
        every = "|".join(re.escape(word) for word in self.words)
        return rf"(?<![\w.@+-])({every})(?![\w@+-])"

    def is_named_in(self, text: str) -> bool:
        return re.search(self.pattern, text.lower()) is not None


def person(user: Any) -> Person:
    kind = ContentType.objects.get_for_model(root_model(user._meta.model)).pk
    known = {
        ("username", user.get_username().lower()),
        ("email", user.email.lower()),
        ("name", user.get_full_name().lower()),
    }
    with connection.cursor() as cursor:
        cursor.execute(PAST, [kind, str(user.pk)])
        known |= set(cursor.fetchall())
    names, emails, shown = (
        sorted(value for name, value in known if value and name == of)
        for of in ("username", "email", "name")
    )
    words = sorted({*names, *emails, *shown})
    return Person(user.pk, kind, user._meta.db_table, names, emails, words, list(own_rows(user)))


def own_rows(user: Any) -> Iterator[tuple[int, str]]:
    """Whose name is made of this person's: of the type that the trail knows them by."""
    for model in apps.get_models():
        if path := named_after(model):
            kind = ContentType.objects.get_for_model(root_model(model)).pk
            found = model._base_manager.filter(**{path: user.pk}).values_list("pk", flat=True)
            yield from ((kind, str(pk)) for pk in found)


def named_after(model: type[models.Model]) -> str:
    return getattr(model, "named_after", "") or THIRD_PARTY.get(model._meta.label, "")
