"""Django's admin as one more door: it shows what queries give and writes through actions."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from audit.acts import refusal
from audit.context import Act
from audit.doors.web import add_errors
from audit.hidden import note
from audit.models import Event
from audit.refusals import keep


class Site(admin.AdminSite):
    """For those who manage or audit; to everybody else it is not there."""

    site_header = site_title = "Gatehouse admin"
    index_title = "Everything that is governed"
    enable_nav_sidebar = False
    login_template = "account/login.html"

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        inner = super().admin_view(view, cacheable)

        def recorded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated and not self.has_permission(request):
                record_refusal(request, "the admin is for those who manage or audit")
                raise Http404
            try:
                answer: HttpResponse = inner(request, *args, **kwargs)
                return answer
            except PermissionDenied as error:
                if not getattr(error, "kept", False):
                    record_refusal(request, str(error) or "not permitted in the admin")
                raise

        return recorded

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """One sign-in for the whole site."""
        return redirect_to_login(reverse("admin:index"), reverse("account_login"))

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account_logout")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account_change_password")


site = Site()


def record_refusal(request: HttpRequest, message: str) -> None:
    act = Act("admin.open", Event.Class.AUTHORIZATION, request.user)
    row = refusal(act, PermissionDenied(message), None)
    keep(row | {"resource_path": "/", "data": {"reason": "admin_refused", "page": request.path}})


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows what `rows` gives; writes nothing. Search and filters as declared."""

    list_per_page = 50
    show_full_result_count = False
    actions: Any = None

    def rows(self, user: Any) -> QuerySet[Any]:
        """What this person may see; an app's query."""
        raise NotImplementedError

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.rows(request.user)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is None:
            with suppress(ValidationError, ValueError):  # an id that could be none of ours
                note(request.user, self.rows(request.user), **{from_field or "pk": object_id})
        return found

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # of what `rows` gives, and of nothing else

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # The trail is the record; Django's own admin log would be a second, weaker one.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        raise Http404


class ActionForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form whose last step of validation is the action itself, so that a rule's refusal
    stands beside its field like any other error."""

    user: Any = None
    adding = True

    def act(self, data: dict[str, Any]) -> Model:
        """Call the one action this form is for, with `by=self.user`."""
        raise NotImplementedError

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        try:
            self.instance = self.act(self.cleaned_data)
        except ValidationError as error:
            add_errors(self, error)

    def save(self, commit: bool = True) -> Any:
        self.save_m2m: Callable[[], None] = lambda: None
        return self.instance


class ActionAdmin(ReadOnlyAdmin):
    """Adds, and where it says so changes, through an ActionForm."""

    changes = False
    permission = ""  # which permission opens the form; the action decides again

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kw: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kw)
        return type(form.__name__, (form,), {"user": request.user, "adding": not change})

    def choices(self, name: str, user: Any) -> QuerySet[Any] | None:
        """The query behind a foreign key of the form."""
        return None

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = self.choices(db_field.name, request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(self.permission))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.changes and self.has_add_permission(request)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Written already, by the action."""


def each(
    action: Callable[..., Any], label: str
) -> Callable[[Any, HttpRequest, QuerySet[Any]], None]:
    """An entry of the list's action menu: the same act for each chosen row, one by one."""

    @admin.action(description=label)
    def run(modeladmin: Any, request: HttpRequest, chosen: QuerySet[Any]) -> None:
        done = 0
        for row in chosen:
            try:
                action(row, by=request.user)
                done += 1
            except (PermissionDenied, ValidationError) as error:
                words = error.messages if isinstance(error, ValidationError) else [str(error)]
                modeladmin.message_user(request, f"{row}: {' '.join(words)}", level="ERROR")
        if done:
            modeladmin.message_user(request, f"{label}: {done}")

    run.__name__ = label.lower().replace(" ", "_")
    return run
