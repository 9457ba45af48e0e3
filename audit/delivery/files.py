"""Lines at the end of a file, on the disk when this returns."""

from __future__ import annotations

import os
from pathlib import Path

from audit.delivery.address import NotTaken


def append(place: str | Path, text: str, mode: int = 0o600) -> None:
    """Opened each time, so a file that was rotated away is made anew."""
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
    with os.fdopen(os.open(place, flags, mode), "r+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        if size and os.pread(file.fileno(), 1, size - 1) != b"\n":
            text = f"\n{text}"  # something broke off here; the whole of it comes again
        whole = text.encode(errors="backslashreplace")
        if file.write(whole) != len(whole):
            raise NotTaken("the disk is full")
        os.fsync(file.fileno())
