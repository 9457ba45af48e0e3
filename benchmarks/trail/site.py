"""A site of the benchmark's own: the cast, people to rename, a copy without the gate's triggers.

`python -m benchmarks.trail.site PART ...`
"""

from __future__ import annotations

import os
import shutil
import sys
from datetime import timedelta
from pathlib import Path

from benchmarks import world
from benchmarks.trail import chain, guard, proofs, seals, verified, writes
from benchmarks.trail.steps import BARE, NETLESS, django_in

CLIENTS = 8
PARTS = {
    "writes": writes.figures,
    "guard": guard.figures,
    "seals": seals.figures,
    "chain": chain.figures,
    "verified": verified.figures,
    "proofs": proofs.figures,
}
TRIGGERS = """
select format('drop trigger %%I on %%s', tgname, tgrelid::regclass) from pg_trigger
 where tgname = any(%s)
"""
WITHOUT = {NETLESS: ["out_of_band"], BARE: ["gate", "out_of_band", "settle"]}


def main() -> int:
    data = Path(os.environ["DATA_DIR"]) / "bench"  # its key and anchors, new as the database is
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    os.environ["DATA_DIR"] = str(data)
    world.prepare()
    django_in(world.NAME)
    asked = build()
    met = [ok for part in sys.argv[1:] for ok in PARTS[part](*asked)]
    return 0 if all(met) else 1


def build() -> tuple[str, str]:
    """Whom and with what to ask over REST."""
    from django.db import connections
    from django.utils import timezone

    from accounts.actions import keys, people
    from tests.cast import assemble

    cast = assemble()
    for user in range(CLIENTS):
        for step in range(20):
            name = f"bench{user:02}-{step:02}"
            people.invite(username=name, email=f"{name}@example.org", by=cast.erin)
    until = timezone.now() + timedelta(days=1)
    scopes = ["discover", "read", "edit"]
    issued = keys.issue(cast.alice, name="b", scopes=scopes, expires_at=until, by=cast.alice)
    connections.close_all()
    for name, triggers in WITHOUT.items():
        with world.superuser("postgres") as server:
            server.execute(f'drop database if exists "{name}" with (force)')
            server.execute(f'create database "{name}" template "{world.NAME}"')
        with world.superuser(name) as bare:
            for (sql,) in bare.execute(TRIGGERS, [triggers]).fetchall():
                bare.execute(sql)
    return str(cast.oncology.uid), issued.secret


if __name__ == "__main__":
    sys.exit(main())
