"""Draw static/icons.svg, one sprite of every icon in use, from the lucide wheel."""

import re
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

NAMES = """
activity arrow-left arrow-right ban bell book-open bot boxes box building calendar check
chevron-down chevron-left chevron-right circle-check circle-help circle-x clock command copy
database download external-link eye file file-text fingerprint folder git-branch globe grid-3x3
history house inbox info key key-round layers link lock log-in log-out mail menu message-circle
minus monitor moon pencil plus scroll-text search settings shield shield-alert shield-check sun
trash-2 triangle-alert undo-2 upload user users users-round x
"""
RENAMED = {"circle-help": "circle-question-mark", "fingerprint": "fingerprint-pattern"}
FRAME = (
    '<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
    'stroke-linecap="round" stroke-linejoin="round">{shape}</symbol>'
)
GATE = (
    '<path fill="currentColor" '
    'd="M4 21V4h3.2v3.2h3.2V4h3.2v3.2h3.2V4H20v17h-5v-4.5a3 3 0 0 0-6 0V21Z"/>'
)


def shape(svg: str) -> str:
    inner = re.search(r"<svg[^>]*>(.*)</svg>", svg, re.DOTALL)
    if inner is None:
        raise CommandError("An icon of the lucide wheel is no SVG; pin another release.")
    return re.sub(r">\s+<", "><", re.sub(r"\s+", " ", inner.group(1))).strip()


def sprite(archive: ZipFile) -> str:
    known = set(archive.namelist())
    symbols = [FRAME.format(name="gate", shape=GATE)]
    for name in NAMES.split():
        file = next((f for f in (f"{name}.svg", f"{RENAMED.get(name)}.svg") if f in known), None)
        if file is None:
            raise CommandError(f"The lucide wheel has no icon {name!r}; choose another name.")
        symbols.append(FRAME.format(name=name, shape=shape(archive.read(file).decode())))
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        with as_file(files("lucide") / "lucide.zip") as path, ZipFile(path) as archive:
            text = sprite(archive)
        target = Path(settings.BASE_DIR) / "static" / "icons.svg"
        target.write_text(text)
        self.stdout.write(f"{target}: {len(NAMES.split()) + 1} icons")
