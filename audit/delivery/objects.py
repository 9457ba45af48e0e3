"""Objects that a store has to keep: S3 with Object Lock. Needs requirements-s3.txt.

`python -m audit.delivery.objects s3://…` prints what a store holds, for `verify_trail --anchors`.
"""

from __future__ import annotations

import base64
import hashlib
import heapq
import json
import logging
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.loaders import create_loader
from botocore.session import Session

from audit.delivery.address import NotTaken
from audit.delivery.buckets import Bucket, bucket

MOST = 100  # of the largest: each binds all that is smaller
PAGES = 10_000  # of a thousand names: a checkpoint a minute for 19 years
NAME = re.compile(r"(\d{20})-[0-9a-f]{16}\.json")
NO_LOCK = (
    "the bucket has no Object Lock, and a copy that can be deleted proves nothing: make one with"
    " aws s3api create-bucket --object-lock-enabled-for-bucket"
)
# Of the services, as the library ships them: megabytes of JSON, read once and the same for all.
DESCRIPTIONS = create_loader()
# It tells at each delivery where it found credentials.
logging.getLogger("botocore.credentials").setLevel(logging.WARNING)


def client(of: Bucket, seconds: float) -> Any:
    """Credentials come the library's usual ways. One attempt: the next round is the second."""
    config = Config(
        connect_timeout=seconds,
        read_timeout=seconds,
        retries={"total_max_attempts": 1},
        user_agent_extra="Gatehouse",
    )
    session = Session()  # of this call: it is for one thread, and keeps the credentials it found
    session.register_component("data_loader", DESCRIPTIONS)
    return session.create_client(
        "s3",
        region_name=of.region or None,
        endpoint_url=of.endpoint or None,
        config=config,
    )


@contextmanager
def told() -> Iterator[None]:
    """Whatever a store or the library makes of it is one thing for us: it did not take it.

    By type and code only: the words can hold the address, and what the store pleases.
    """
    try:
        yield
    except NotTaken:
        raise
    except ClientError as error:
        code = re.sub(r"[^\w.-]", "", str(error.response.get("Error", {}).get("Code", "")))
        raise NotTaken(f"the store answers {code[:80] or 'with an error'}") from None
    except Exception as error:
        raise NotTaken(type(error).__name__) from None


def require_lock(of: Bucket, seconds: float) -> None:
    with told():
        locked(of, client(of, seconds))


def locked(of: Bucket, store: Any) -> None:
    try:
        found = store.get_object_lock_configuration(Bucket=of.name)
    except store.exceptions.ClientError as error:
        if error.response["Error"].get("Code") != "ObjectLockConfigurationNotFoundError":
            raise
        found = {}
    if found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") != "Enabled":
        raise NotTaken(NO_LOCK)


def keep(of: Bucket, note: str, seconds: float) -> None:
    """In a new object that nobody deletes or changes for so many days, not even who pays for it."""
    body = f"{json.dumps(note)}\n".encode()
    with told():
        store = client(of, seconds)
        locked(of, store)
        answer = store.put_object(
            Bucket=of.name,
            Key=f"{of.prefix}{size(note):020d}-{secrets.token_hex(8)}.json",
            Body=body,
            ContentType="application/json",
            ChecksumSHA256=base64.b64encode(hashlib.sha256(body).digest()).decode(),
            IfNoneMatch="*",
            ObjectLockMode="COMPLIANCE",
            ObjectLockRetainUntilDate=datetime.now(UTC) + timedelta(days=of.days),
        )
    if not answer.get("VersionId"):
        raise NotTaken("it named no version, and only a version can be locked")


def names(of: Bucket, store: Any) -> Iterator[tuple[int, str, str]]:
    """Versions, not objects: a delete marker or another version on top hides what is kept below."""
    pages = store.get_paginator("list_object_versions").paginate(Bucket=of.name, Prefix=of.prefix)
    for number, page in enumerate(pages):
        if number == PAGES:
            raise NotTaken(f"it lists more than {PAGES:,} pages, and what comes later went unread")
        for one in page.get("Versions", []):
            if found := NAME.fullmatch(one["Key"].removeprefix(of.prefix)):
                yield int(found[1]), one["Key"], one["VersionId"]


def read(of: Bucket, most: int = MOST, seconds: float = 30) -> Iterator[str]:
    """The notes of the largest trees, a JSON string each.

    A name that does not say the size of its note would push true ones out of what is read, so it
    comes as a note that nobody signed.
    """
    with told():
        store = client(of, seconds)
        for named, key, version in heapq.nlargest(most, names(of, store)):
            body = store.get_object(Bucket=of.name, Key=key, VersionId=version)["Body"]
            yield json.dumps(note(named, body.read(65_536)))


def note(named: int, body: bytes) -> str:
    with suppress(ValueError, IndexError):
        found = json.loads(body)
        if isinstance(found, str) and size(found) == named:
            return found
    return f"an object that is named {named} holds something else"


def size(note: str) -> int:
    """Of the tree: the second line of a checkpoint."""
    return int(note.split("\n")[1])


def main() -> int:
    try:
        where = bucket(sys.argv[1] if len(sys.argv) == 2 else "")
        for line in read(where):
            print(line)
    except (OSError, ValueError) as error:
        print(f"{error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
