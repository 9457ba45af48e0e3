"""Sealing afterwards against a hash chain inside the transaction: eight clients, ten milliseconds
of other work in each transaction.

The clients are pgbench's, which take no processor from what is measured. Each transaction is the
SQL of one action. The chain hashes what is written when it is written, and so holds its lock until
the commit, as a chain in the receivers of django-auditlog would. A chain that waits for the end of
the act, where this product writes its events, is told beside it. The sealer is at work all along.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import sample

from psycopg.conninfo import conninfo_to_dict

from benchmarks import world
from benchmarks.trail.seals import CLIENTS, sealing
from benchmarks.trail.told import told
from governance.embedded.binaries import postgres_folder

ROUNDS, SECONDS = 4, 5
ACTION = (Path(__file__).parent / "action.sql").read_text()
CHAINED = """
select pg_advisory_xact_lock(77);
insert into bench_chain (hash) select sha256(hash || convert_to('bench.rename ' || :number, 'UTF8'))
  from (select hash from bench_chain order by id desc limit 1) as last;
"""
SCRIPTS = {
    "afterwards": ACTION,
    "chain": ACTION.replace("-- written\n", CHAINED),
    "chain at the end": ACTION.replace("-- ended\n", CHAINED),
}


def figures(uid: str, secret: str) -> Iterator[bool]:
    with world.superuser(world.NAME) as full:
        full.execute("create table bench_chain (id bigserial primary key, hash bytea)")
        full.execute("insert into bench_chain (hash) values ('')")
        full.execute("grant all on bench_chain, bench_chain_id_seq to gatehouse_app")
    rates: dict[str, list[float]] = {name: [] for name in SCRIPTS}
    with sealing():
        for _ in range(ROUNDS):
            for name in sample(list(SCRIPTS), len(SCRIPTS)):
                rates[name].append(rate(name))
    found = {name: statistics.median(each) for name, each in rates.items()}
    detail = ", ".join(f"{name} {value:.0f}/s" for name, value in found.items())
    question = "actions a second, sealed afterwards / in a chain"
    yield told(question, found["afterwards"] / found["chain"], 5, detail, "x", least=True)


def rate(name: str) -> float:
    script = Path(os.environ["DATA_DIR"]) / "chain.sql"
    script.write_text(SCRIPTS[name])
    asked = conninfo_to_dict(os.environ["DATABASE_URL"])
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "dbname": "PGDATABASE"}
    where = {names[key]: str(value) for key, value in asked.items() if key in names}
    command = [str(postgres_folder() / "pgbench"), "--no-vacuum", f"--client={CLIENTS}", "--jobs=1"]
    command += [f"--time={SECONDS}", f"--file={script}"]
    done = subprocess.run(
        command, env=os.environ | where, check=True, capture_output=True, text=True
    )
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    assert found and "failed transactions: 0 " in done.stdout, done.stdout + done.stderr
    return float(found[1])
