"""Files come in: streamed past the memory, judged by the action, or named where they are."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.models.vocabulary import Kind
from accounts.permissions import Permission
from accounts.queries import require_on
from audit.doors.web import press, submit
from registry import forms, queries, storage
from registry.actions import files
from registry.models import Version
from registry.views.resources import show, signed_in


class Spool(FileUploadHandler):
    """Onto the store's own disk chunk by chunk; what is over the limit is read and dropped."""

    too_large = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.file = storage.spool()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start + len(raw_data) > settings.UPLOAD_LIMIT:
            self.too_large = True
            self.file.close()
            raise SkipFile
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        if self.too_large:
            return None
        self.file.seek(0)
        return UploadedFile(self.file, self.file_name, self.content_type, file_size)

    def upload_interrupted(self) -> None:
        if hasattr(self, "file"):
            self.file.close()


@csrf_exempt  # whoever looks for the token reads the body: first says where files go
@require_POST
def upload(request: HttpRequest, address: str) -> HttpResponse:
    """Whoever may not upload is refused before a byte is read."""
    version = open_to(signed_in(request), address)
    require_on(signed_in(request), Permission.UPLOAD, version)
    spool = Spool(request)
    request.upload_handlers = [spool]
    return receive(request, version, spool)


@csrf_protect
def receive(request: HttpRequest, version: Version, spool: Spool) -> HttpResponse:
    form = forms.UploadForm(request.POST, request.FILES)
    valid = form.is_valid()
    if spool.too_large:
        form.errors.pop("file", None)
        limit = filesizeformat(settings.UPLOAD_LIMIT)
        form.add_error("file", f"Over the limit of {limit}: split it, or name it where it is.")
    elif valid:
        facts = form.cleaned_data
        sent = facts["file"]
        file = submit(
            form, files.upload, version, facts["path"] or sent.name, sent.chunks(),
            sha256=facts["sha256"].strip().lower() or None, size=sent.size,
            by=signed_in(request),
        )  # fmt: skip
        if file is not None:
            messages.success(request, f"{file.path} is in {version}.")
            return redirect(f"{reverse('resource', args=[version.address])}?tab=versions")
    return show(request, version, "versions", 422, upload_form=form)


@require_POST
def refer(request: HttpRequest, address: str) -> HttpResponse:
    user = signed_in(request)
    version = open_to(user, address)
    form = forms.ReferForm(request.POST, prefix="refer")
    if form.is_valid():
        file = submit(form, files.refer, version, by=user, **form.cleaned_data)
        if file is not None:
            messages.success(request, f"{file.path} is named in {version}.")
            return redirect(f"{reverse('resource', args=[address])}?tab=versions")
    return show(request, version, "versions", 422, refer_form=form)


@require_POST
def remove(request: HttpRequest, address: str) -> HttpResponse:
    user = signed_in(request)
    version = open_to(user, address)
    file = queries.file(user, version, request.POST.get("path", ""))
    press(request, f"{file.path} is out of {version}.", files.remove, file, by=user)
    return redirect(f"{reverse('resource', args=[address])}?tab=versions")


def open_to(user: User, address: str) -> Version:
    found: Version = queries.by_address(user, address)
    if found.kind != Kind.VERSION:
        raise Http404
    return found
