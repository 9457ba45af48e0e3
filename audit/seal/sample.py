"""A quick look: some leaves at random, each recomputed and proved to be in the signed tree."""

from __future__ import annotations

import random

from audit.seal import tiles, verify
from audit.seal.merkle import Edge, consistency, inclusion, is_included, is_prefix
from audit.seal.notes import BadNote, Checkpoint, Verifier, checkpoint
from audit.seal.verify import Report, Walk

LAST = "select size, note from audit_checkpoint order by size desc, id limit 1"


def look(number: int, known: list[Verifier], anchored: list[str]) -> Report:
    """Finds what it happens to touch, and every rewriting that changed the signed roots."""
    report = Report(size=verify.one(verify.SIZE)[0], anchors=len(anchored))
    last = verify.one(LAST)
    if last is None:
        if report.size:
            report.add("there are leaves and no checkpoint")
        Walk(report, Edge(), known).expect(anchored)
        return report
    try:
        signed = checkpoint(last[1], known)
    except BadNote as error:
        report.add(f"checkpoint {last[0]}: {error}")
        return report
    report.checkpoints = 1
    reader = tiles.Reader()
    prefixes(report, signed, known, anchored, reader)
    walk = Walk(report, Edge(), known)
    for seq in sorted(random.sample(range(signed.size), min(number, signed.size))):
        included(walk, signed, seq, reader)
    walk.erased.settle(report.add, walk.retired.erasures(), whole=False)
    verify.unsealed(report)
    return report


def prefixes(
    report: Report,
    signed: Checkpoint,
    known: list[Verifier],
    anchored: list[str],
    reader: tiles.Reader,
) -> None:
    walk = Walk(report, Edge(), known)
    walk.expect(anchored)
    for size, root in walk.anchored.items():
        if size > signed.size:
            continue
        path = consistency(reader.subtree, size, signed.size)
        if not is_prefix(size, signed.size, root, signed.root, path):
            report.add(f"the first {size} leaves are not those that were anchored")


def included(walk: Walk, signed: Checkpoint, seq: int, reader: tiles.Reader) -> None:
    rows, report = verify.stretch(seq, seq + 1), walk.report
    if not rows:
        report.add(f"leaf {seq} is missing", seq)
        return
    row = rows[0]
    found = walk.leaf(row)
    path = inclusion(reader.subtree, seq, signed.size)
    if not is_included(found, seq, signed.size, path, signed.root):
        report.add("is not in the tree that was signed", seq, row[1])
