"""Buttons of a version: opened, approved, withdrawn, and what it was made from."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from audit.doors.web import press, submit
from registry import forms, queries
from registry.actions import versions
from registry.views.resources import show, signed_in
from registry.views.uploads import open_to


@require_POST
def open_version(request: HttpRequest, address: str) -> HttpResponse:
    user = signed_in(request)
    asset = queries.by_address(user, address)
    form = forms.VersionForm(request.POST)
    if form.is_valid():
        version = submit(form, versions.open_version, asset, by=user, **form.cleaned_data)
        if version is not None:
            messages.success(request, f"{version} is open: add its files, then have it approved.")
            return redirect(f"{reverse('resource', args=[version.address])}?tab=versions")
    return show(request, asset, "versions", 422, version_form=form)


@require_POST
def approve(request: HttpRequest, address: str) -> HttpResponse:
    user = signed_in(request)
    version = open_to(user, address)
    press(request, f"{version} is approved and frozen.", versions.approve, version, by=user)
    return redirect(f"{reverse('resource', args=[address])}?tab=versions")


@require_POST
def withdraw(request: HttpRequest, address: str) -> HttpResponse:
    user = signed_in(request)
    version = open_to(user, address)
    reason = request.POST.get("comment", "")
    done = f"{version} is withdrawn: nobody downloads it any more."
    press(request, done, versions.withdraw, version, reason=reason, by=user)
    return redirect(f"{reverse('resource', args=[address])}?tab=versions")


@require_POST
def record_lineage(request: HttpRequest, address: str) -> HttpResponse:
    user = signed_in(request)
    version = open_to(user, address)
    form = forms.LineageForm(request.POST, user=user)
    if form.is_valid():
        facts = form.cleaned_data
        edge = submit(
            form, versions.record_lineage, version, facts["parent"], facts["relation"], by=user
        )
        if edge is not None:
            messages.success(request, f"Recorded: {edge}.")
            return redirect("resource", address)
    return show(request, version, "overview", 422, lineage_form=form)
