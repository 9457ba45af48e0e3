"""The secrets of embedded mode: made once, kept in a file that only its owner reads."""

import base64
import json
import os
import secrets
import tempfile
from pathlib import Path


def create(data: Path) -> None:
    """Whole or not at all, and never over an existing file (`mkstemp` is O_EXCL and 0600)."""
    place = _file(data)
    if place.exists():
        return
    handle, draft = tempfile.mkstemp(dir=data, prefix="secrets-")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(_generate(), file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, place)
    finally:
        Path(draft).unlink()


def read(data: Path) -> dict[str, str]:
    place = _file(data)
    if place.stat().st_mode & 0o077:
        raise SystemExit(f"Others can read {place}: run `chmod 600`, and consider new secrets.")
    values = json.loads(place.read_text())
    return {name: str(values[name]) for name in _generate()}


def _generate() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(64),
        "API_KEY_PEPPERS": f"1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
    }


def _file(data: Path) -> Path:
    return data / "secrets.json"
