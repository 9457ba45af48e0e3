"""Keeping a search, for oneself or for everybody who reads the trail."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from audit import context
from audit.actions.readers import require_own, require_reader
from audit.acts import action
from audit.models import SavedSearch
from audit.search import Search

MOST_SAVED = 50  # searches a person


@action("trail.save_search")
def save_search(search: Search, *, name: str, shared: bool = False, by: Any) -> SavedSearch:
    """Shared: everybody who reads the trail finds it among theirs."""
    require_reader(by)
    if not search:
        raise ValidationError("There is nothing to keep: search for something first.")
    if SavedSearch.objects.filter(owner=by).count() >= MOST_SAVED:
        raise ValidationError(f"You keep {MOST_SAVED} searches already: delete one first.")
    saved = SavedSearch(owner=by, name=" ".join(name.split()), query=str(search), shared=shared)
    require_own(by, saved, by)
    saved.full_clean()
    saved.save()
    return saved


@action("trail.delete_search")
def delete_search(saved: SavedSearch, *, by: Any) -> None:
    require_reader(by)
    require_own(by, saved, saved.owner)
    context.say(f"{saved.name}: {saved.query}")
    saved.delete()
