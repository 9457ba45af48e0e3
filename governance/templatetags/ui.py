"""Template tags of the interface: icons, tones, relative time, charts, query strings."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zlib import crc32

from django import template
from django.template.context import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

TONES = {
    "ok": "published approved active signed keeps ok allowed allow ready low",
    "warn": "confidential pending deprecated expiring invited suspended loses later medium"
    " not_given",
    "bad": "restricted withdrawn rejected revoked denied failed deny high locked",
    "info": "internal draft scheduled web rest cli admin task db",
}
TONE = {value: tone for tone, values in TONES.items() for value in values.split()}

ICONS = {
    "public": "globe", "internal": "building", "confidential": "lock", "restricted": "shield-alert",
    "root": "globe", "site": "globe", "project": "folder", "dataset": "database", "model": "boxes",
    "version": "layers", "file": "file", "user": "user", "person": "user", "group": "users-round",
    "service": "bot", "key": "key-round", "role": "shield", "grant": "key", "request": "inbox",
    "ok": "check", "allowed": "check", "approved": "check", "denied": "x", "rejected": "x",
    "failed": "triangle-alert", "pending": "clock", "suspended": "ban", "signed": "check",
}  # fmt: skip

SPANS = (
    (365 * 86400, "y"),
    (30 * 86400, "mo"),
    (7 * 86400, "w"),
    (86400, "d"),
    (3600, "h"),
    (60, "m"),
)


@register.filter
def tone(value: object) -> str:
    return TONE.get(str(value).lower(), "")


@register.filter
def symbol(value: object) -> str:
    return ICONS.get(str(value).lower(), "")


@register.filter
def words(value: object) -> str:
    text = str(value).replace("_", " ")
    return text[:1].upper() + text[1:]


@register.filter
def initials(name: object) -> str:
    parts = str(name).replace("-", " ").replace(".", " ").split()
    return "".join(part[0] for part in (parts[:1] + parts[1:][-1:])).upper()


@register.filter
def hue(name: object) -> int:
    """One of six tints, the same one for a name on every page."""
    return crc32(str(name).encode()) % 6


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    return format_html(
        '<svg class="i {}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        css,
        static("icons.svg"),
        name,
    )


def span(seconds: float) -> str:
    for size, unit in SPANS:
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return ""


@register.simple_tag
def ago(moment: datetime | None, never: str = "never") -> SafeString:
    """Short for the eye, with the exact time and zone in the title."""
    if not moment:  # a template gives "" for a relation that is not there
        return format_html('<span class="muted">{}</span>', never)
    seconds = (timezone.now() - moment).total_seconds()
    short = span(abs(seconds))
    text = "now" if not short else f"{short} ago" if seconds > 0 else f"in {short}"
    full = timezone.localtime(moment).strftime("%d %b %Y %H:%M:%S %Z")
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), full, text)


@register.simple_tag
def sparkline(values: Iterable[float], label: str, width: int = 96, height: int = 24) -> SafeString:
    """A line chart in SVG: no script and no inline style, so it passes the strict policy."""
    numbers = list(values) or [0]
    top, last = max(numbers) or 1, max(len(numbers) - 1, 1)
    points = [
        (round(2 + i * (width - 4) / last, 1), round(height - 2 - v / top * (height - 4), 1))
        for i, v in enumerate(numbers)
    ]
    line = " ".join(f"{x},{y}" for x, y in points)
    x, y = points[-1]
    return format_html(
        '<svg class="spark" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" '
        'aria-label="{label}"><polygon class="spark-fill" points="2,{h} {line} {x},{h}"/>'
        '<polyline class="spark-line" points="{line}"/>'
        '<circle class="spark-dot" cx="{x}" cy="{y}" r="2"/></svg>',
        w=width, h=height, label=label, line=line, x=x, y=y,
    )  # fmt: skip


@register.simple_tag
def bars(
    values: Sequence[tuple[float, float]], label: str, width: int = 720, height: int = 120
) -> SafeString:
    """Stacked bars: the first number of a pair below, the second (refusals) on top."""
    top = max((a + b for a, b in values), default=0) or 1
    step = width / max(len(values), 1)
    marks = []
    for i, (a, b) in enumerate(values):
        low, high = a / top * (height - 2), b / top * (height - 2)
        left, wide = round(i * step + step * 0.12, 1), round(step * 0.76, 1)
        marks.append(("bar-a", left, round(height - low, 1), wide, round(low, 1)))
        marks.append(("bar-b", left, round(height - low - high, 1), wide, round(high, 1)))
    rects = format_html_join("", '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>', marks)
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" '
        'aria-label="{}">{}</svg>',
        width, height, label, rects,
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def qs(context: Context, name: str = "", value: object = None, **changes: object) -> str:
    """The present query string with some parts replaced; None takes a part out."""
    query = context["request"].GET.copy()
    for key, new in {**({name: value} if name else {}), **changes}.items():
        query.pop(key, None)
        if new not in (None, ""):
            query[key] = str(new)
    return f"?{query.urlencode()}"
