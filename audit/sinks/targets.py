"""Where copies of the trail go: one address a sink, options behind its `#`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urldefrag, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from audit.delivery.address import Address, address

SCHEMES = ("file", "syslog+tls", "https")
FORMATS = ("jsonl", "ocsf", "ecs", "cef")  # CSV has a first line, proofs come later
OPTIONS = {"name", "format", "ca", "cert", "secret"}
FORMS = (
    "file:///var/log/gatehouse/trail.jsonl#format=jsonl",
    "syslog+tls://siem.example.org:6514#format=cef&ca=/etc/ssl/siem.pem",
    "https://siem.example.org/trail#format=ocsf&secret=/run/secrets/siem",
)


@dataclass(frozen=True, kw_only=True)
class Target(Address):
    """One sink as configured. `secret` is a file with `whsec_…`."""

    name: str
    format: str
    secret: str = ""

    def __str__(self) -> str:
        where = self.path if self.scheme == "file" else f"{self.host}:{self.port}"
        return f"{self.name} ({self.format} to {where})"


def configured(addresses: Iterable[str] | None = None) -> list[Target]:
    found = [target(one) for one in (settings.TRAIL_SINKS if addresses is None else addresses)]
    names = [one.name for one in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise wrong(f"two sinks are called {', '.join(twice)}: give each a #name=")
    return found


def target(text: str) -> Target:
    url, fragment = urldefrag(text)
    parts, where = urlsplit(url), address(url)
    options = dict(parse_qsl(fragment))
    if parts.scheme not in SCHEMES:
        raise wrong(f"{parts.scheme or 'nothing'}:// is none of {', '.join(SCHEMES)}")
    if unknown := sorted(set(options) - OPTIONS):
        raise wrong(f"#{unknown[0]}= is none of {', '.join(sorted(OPTIONS))}")
    form = options.pop("format", "jsonl")
    if form not in FORMATS or form == "csv" or (form == "cef" and parts.scheme == "https"):
        raise wrong(
            f"#format={form} does not fit {parts.scheme}: jsonl, ocsf, ecs, or cef in lines"
        )
    name = options.pop("name", parts.hostname or Path(parts.path).stem)
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,62}", name):
        raise wrong(f"#name={name} is not made of a-z, 0-9, dot and dash")
    if parts.scheme == "https" and not options.get("secret"):
        raise wrong("https needs #secret=FILE, which signs what is sent")
    is_file = parts.scheme == "file"
    if is_file == bool(parts.hostname) or (is_file and not parts.path):
        raise wrong("a file has three slashes and no host, the others have a host")
    return Target(**vars(where) | options, name=name, format=form)


def wrong(reason: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"TRAIL_SINKS: {reason}. Write it like {' or '.join(FORMS)}")
