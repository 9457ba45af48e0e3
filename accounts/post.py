"""The sending of mail, in the worker."""

from __future__ import annotations

from typing import Any

from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from audit.doors.tasks import job


@job
def send(addresses: list[str], template: str, words: dict[str, Any]) -> None:
    """One message an address, so that nobody learns who else was told."""
    text = render_to_string(f"emails/{template}.txt", words)
    subject, _, body = text.partition("\n")
    for address in addresses:
        EmailMessage(subject.strip(), body.strip(), to=[address]).send()
