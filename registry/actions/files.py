"""Files: added to an open version, removed from it, downloaded by one decision and one event."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import ValidationError

from accounts.decision import check
from accounts.models import User
from accounts.permissions import Permission
from accounts.queries import lock, refresh
from audit import context
from audit.acts import Steps, action, slow_action
from audit.models import Event
from registry import rules, storage
from registry.manifest import clean_path
from registry.models import Blob, File, Version


@slow_action("file.upload")
def upload(
    version: Version,
    path: str,
    chunks: Iterable[bytes],
    *,
    sha256: str | None = None,
    size: int | None = None,
    by: User,
) -> Steps[File]:
    """Stream to the disk, however slowly it comes; then say where it belongs, and publish it.
    What fails on the way leaves nothing."""
    require_free(version, path, by)
    with storage.staged(
        chunks, limit=settings.UPLOAD_LIMIT, expected_sha256=sha256, expected_size=size
    ) as part:
        yield
        refresh(by)
        path, received = require_free(version, path, by), part.received
        blob, _ = Blob.objects.get_or_create(
            sha256=received.sha256, defaults={"size": received.size, "first_stored": version}
        )
        made = File(path=path, size=received.size, sha256=received.sha256, blob=blob)
        add(version, made)
        part.publish()
        return made


@action("file.refer")
def refer(version: Version, path: str, *, uri: str, size: int, sha256: str, by: User) -> File:
    """Bytes that stay elsewhere: no copy here, but named by their digest all the same."""
    path = require_free(version, path, by)
    return add(version, File(path=path, size=size, sha256=sha256, uri=uri))


@action("file.remove")
def remove(file: File, *, by: User) -> None:
    """The row only: other versions may hold the same bytes."""
    check(by, Permission.UPLOAD, file.version)
    rules.require_open(lock(file.version))
    file.delete()


@action("file.download", Event.Class.DATA_ACCESS)
def download(file: File, *, purpose: str = "", part: str = "", by: User) -> File:
    """The decision and the record; the door streams the bytes only when this returned."""
    check(by, Permission.DOWNLOAD, file.version, purpose=purpose)
    if file.blob_id is None:
        raise ValidationError(f"The bytes of this file are at {file.uri}, not here.")
    context.say(part, sha256=file.sha256, size=file.size)
    return file


def require_free(version: Version, path: str, by: User) -> str:
    """May they, is it open, and is there no such file yet? The path in its one spelling."""
    check(by, Permission.UPLOAD, version)
    rules.require_open(version)
    path = clean_path(path)
    if version.files.filter(path=path).exists():
        message = f"{path} is in {version} already: remove it first or choose another path."
        raise ValidationError({"path": ValidationError(message, code="conflict")})
    return path


def add(version: Version, file: File) -> File:
    """Under the version's lock: it may have been approved while the bytes came in."""
    locked = lock(version)
    rules.require_open(locked)
    file.version = locked
    file.full_clean()
    file.save()
    return file
