"""SeaweedFS as a child: an object store of somebody else's that enforces Object Lock."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import randrange
from typing import Any
from urllib.request import urlopen
from uuid import uuid4

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from tests.gateway.programs import running, tool

KEY, SECRET = "owner", "owner-of-the-whole-store"
USERS = {
    "identities": [
        {
            "name": KEY,
            "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
    ]
}


@dataclass
class Store:
    """`owner`: may do everything that the store lets anybody do."""

    endpoint: str
    master: str
    owner: Any

    def bucket(self, *, locked: bool = True) -> str:
        name = f"trail-{uuid4().hex}"
        self.owner.create_bucket(Bucket=name, ObjectLockEnabledForBucket=locked)
        # Or the first object waits until the master has been asked again for room.
        urlopen(f"{self.master}/vol/grow?collection={name}&count=1", timeout=20).close()
        return name

    def target(self, bucket: str, more: str = "") -> str:
        return f"s3://{bucket}/gate?region=us-east-1&endpoint={self.endpoint}{more}"

    def versions(self, bucket: str) -> list[tuple[str, str]]:
        """Key and version, in the order of the names."""
        found = self.owner.list_object_versions(Bucket=bucket).get("Versions", [])
        return [(one["Key"], one["VersionId"]) for one in found]


@contextmanager
def seaweed(place: Path) -> Iterator[Store]:
    with ExitStack() as stack:
        yield ready(*started(stack, place))


def started(stack: ExitStack, place: Path, tries: int = 3) -> tuple[str, str]:
    """Again with other ports and an empty folder: of eight ports one may be taken meanwhile."""
    folder = place / str(tries)
    folder.mkdir()
    try:
        with ExitStack() as own:
            found = programs(own, folder)
            stack.push(own.pop_all())
            return found
    except AssertionError:
        if tries == 1:
            raise
        return started(stack, place, tries - 1)


def programs(stack: ExitStack, folder: Path) -> tuple[str, str]:
    """Where the store is, and its master. One after the other: the filer listens when the master
    leads, and a volume that asks before then asks again after five seconds."""
    users = folder / "users.json"
    users.write_text(json.dumps(USERS))
    numbers = iter(quiet_ports(2 * len(PARTS)))
    ports = {part: (next(numbers), next(numbers)) for part in PARTS}
    address = {part: f"127.0.0.1:{port}.{grpc}" for part, (port, grpc) in ports.items()}
    here, of = ["-ip=127.0.0.1", "-ip.bind=127.0.0.1"], f"-master={address['master']}"
    more = {
        "master": [*here, f"-mdir={folder}", "-volumeSizeLimitMB=16", "-telemetry=false"],
        "filer": [*here, of, f"-defaultStoreDir={folder}"],
        "volume": [*here, of, f"-dir={folder}", "-max=200"],
        "s3": [here[1], f"-filer={address['filer']}", f"-config={users}", *NO_TABLES],
    }
    for part, (port, grpc) in ports.items():
        command = [tool("weed"), part, f"-port={port}", f"-port.grpc={grpc}", *more[part]]
        child = stack.enter_context(running(command, port, folder))
        stack.callback(child.kill)  # it takes its time to end in order, and nothing of it is kept
    return f"http://127.0.0.1:{ports['s3'][0]}", f"http://127.0.0.1:{ports['master'][0]}"


PARTS = ("master", "filer", "volume", "s3")
NO_TABLES = ["-port.iceberg=0", "-port.lance=0"]


def quiet_ports(number: int) -> list[int]:
    """Below those that its own connections are given while it starts."""
    found: set[int] = set()
    while len(found) < number:
        with (
            suppress(OSError),
            socket.create_server(("127.0.0.1", randrange(16_000, 32_000))) as one,
        ):
            found.add(one.getsockname()[1])
    return list(found)


def ready(endpoint: str, master: str) -> Store:
    """It listens before it can keep anything."""
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=20)
    keys = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET}
    owner = Session().create_client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", config=config, **keys
    )
    store = Store(endpoint, master, owner)
    end = time.monotonic() + 60
    while True:
        try:
            owner.put_object(Bucket=store.bucket(locked=False), Key="x", Body=b"x")
            return store
        except (BotoCoreError, ClientError, OSError):
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
