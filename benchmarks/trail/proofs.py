"""A proof of one event: made by the site, checked by the stand-alone program."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

from benchmarks import world
from benchmarks.trail.told import told

PROOFS = 100


def figures(uid: str, secret: str) -> Iterator[bool]:
    from audit.seal import keys, proofs, rounds
    from audit.seal.verify import SIZE, one

    rounds.once()
    program: dict[str, Any] = {"__name__": "program"}
    exec((world.ROOT / "static" / "verify_bundle.py").read_text(), program)
    known, size = keys.trusted_file().read_text(), one(SIZE)[0]
    made, checked, sizes = [], [], []
    for seq in range(0, size, max(1, size // PROOFS)):
        event = one("select uid from audit_leaf where seq = %s", seq)[0]
        start = time.perf_counter()
        proof = json.dumps(proofs.prove(event), ensure_ascii=False)
        middle = time.perf_counter()
        program["check"](json.loads(proof), known)
        made.append(1e3 * (middle - start))
        checked.append(1e3 * (time.perf_counter() - middle))
        sizes.append(len(proof.encode()))
    detail = f"median of {len(made)} among {size} leaves"
    yield told("a proof made", median(made), 50, detail, "ms")
    yield told("a proof's size", median(sizes), 3072, f"largest {max(sizes)}", "bytes")
    yield told("a proof checked", median(checked), 1, detail, "ms")
