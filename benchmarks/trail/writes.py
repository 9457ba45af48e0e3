"""Audited updates against stock django-auditlog, and a request that records against one that does
not: clients in turn, medians by the clock."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks import lanes
from benchmarks.lanes import Lane
from benchmarks.trail.steps import name_step, request_step
from benchmarks.trail.told import told


def figures(uid: str, secret: str) -> Iterator[bool]:
    step = partial(Lane, name_step)
    variants = [(mode, number) for mode in ("act", "stock", "plain") for number in (1, 20)]
    ms = measured({f"{mode} {number}": step(mode, number) for mode, number in variants})
    yield told(
        "audited update / stock auditlog update, all search indexes on",
        ms["act 20"] / ms["stock 20"], 1.15, f"20 in one transaction: {shown(ms)}", "x",
    )  # fmt: skip
    yield told(
        "a whole action / one stock auditlog update", ms["act 1"] / ms["stock 1"], None,
        "the action also decides, and leaves an event of its own", "x",
    )  # fmt: skip
    modes = ("audited", "unaudited")
    ms = measured({mode: Lane(request_step, mode, uid, secret) for mode in modes})
    yield told(
        "audited request / same request unaudited", ms["audited"] / ms["unaudited"], 1.35,
        f"PATCH over REST, every middleware: {shown(ms)}", "x",
    )  # fmt: skip


def measured(found: dict[str, Lane]) -> dict[str, float]:
    """Milliseconds."""
    ms = {name: 1e3 * value for name, value in lanes.latency(found).items()}
    for lane in found.values():
        lane.end()
    return ms


def shown(ms: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.2f} ms" for name, value in ms.items())
