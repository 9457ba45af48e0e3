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
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

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
    owner: Any

    def bucket(self, *, locked: bool = True) -> str:
        name = f"trail-{uuid4().hex}"
        self.owner.create_bucket(Bucket=name, ObjectLockEnabledForBucket=locked)
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
        child, endpoint = started(stack, place)
        try:
            yield ready(endpoint)
        finally:
            child.kill()  # it takes its time to end in order, and nothing of it is kept
            child.wait()


def started(stack: ExitStack, place: Path, tries: int = 3) -> tuple[Any, str]:
    """Again with other ports and an empty folder: of eight ports one may be taken meanwhile."""
    folder = place / str(tries)
    folder.mkdir()
    users = folder / "users.json"
    users.write_text(json.dumps(USERS))
    names = [f"{part}.port{kind}" for part in PARTS for kind in ("", ".grpc")]
    ports = dict(zip(names, quiet_ports(len(names)), strict=True))
    command = [tool("weed"), "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder}"]
    command += [f"-{name}={port}" for name, port in ports.items()]
    command += ["-s3", f"-s3.config={users}", "-s3.port.iceberg=0", "-s3.port.lance=0"]
    command += ["-master.volumeSizeLimitMB=16", "-volume.max=200", "-master.telemetry=false"]
    try:
        child = stack.enter_context(running(command, ports["s3.port"], folder))
    except AssertionError:
        if tries == 1:
            raise
        return started(stack, place, tries - 1)
    return child, f"http://127.0.0.1:{ports['s3.port']}"


PARTS = ("master", "volume", "filer", "s3")


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


def ready(endpoint: str) -> Store:
    """It listens before it can keep anything."""
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=20)
    keys = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET}
    owner = boto3.session.Session().client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", config=config, **keys
    )
    store = Store(endpoint, owner)
    end = time.monotonic() + 60
    while True:
        try:
            owner.put_object(Bucket=store.bucket(locked=False), Key="x", Body=b"x")
            return store
        except (BotoCoreError, ClientError):
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
