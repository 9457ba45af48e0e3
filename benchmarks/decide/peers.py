"""The same question to others, in this process and in the same run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import casbin
import cedarpy

from accounts.decision import decide
from benchmarks import world
from benchmarks.crowd import Questions
from benchmarks.decide.process import objects
from benchmarks.laps import best, told

POLICIES = 10_000  # of the others; ours answers from the whole installation
MODEL = """
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.sub == p.sub && r.obj == p.obj && r.act == p.act
"""
CEDAR = "permit(principal, action, resource) when { principal in resource.readers };"


def figures(questions: Questions) -> list[bool]:
    drawn = questions.draw(500, subjects=90)
    asked = objects(drawn)
    for one in asked:
        decide(*one)
    ours = best(lambda one: decide(*one), asked)
    fast = best(by_casbin(questions), drawn, 2)
    cedar = best(by_cedar(questions), drawn[:100], 2)
    world.figure("peer: ours", ours[len(ours) // 2] * 1e6, "us", "", True, told(ours))
    world.figure(
        "peer: pycasbin FastEnforcer",
        fast[len(fast) // 2] * 1e6,
        "us",
        "",
        True,
        f"{told(fast)}; {POLICIES} policies, no groups, no tree, no windows",
    )
    world.figure(
        "peer: cedarpy",
        cedar[len(cedar) // 2] * 1e6,
        "us",
        "",
        True,
        f"{told(cedar)}; one policy, the entities of the question alone",
    )
    world.figure("peers: Cerbos, SpiceDB", 0, "", "", True, "not to be had here: no npm binary")
    return []


def by_casbin(questions: Questions) -> Any:
    path = Path(os.environ["DATA_DIR"]) / "casbin.conf"
    path.write_text(MODEL)
    enforcer = casbin.FastEnforcer(str(path), cache_key_order=[1, 2])
    rules = {(f"user{n}", str(place), name) for n, name, place in questions.real[:POLICIES]}
    enforcer.add_policies([list(rule) for rule in rules])

    def ask(one: tuple[int, str, int]) -> None:
        enforcer.enforce(f"user{one[0]}", str(one[2]), one[1])

    return ask


def by_cedar(questions: Questions) -> Any:
    def ask(one: tuple[int, str, int]) -> None:
        person, place = f'User::"user{one[0]}"', f'Dataset::"{one[2]}"'
        group = {"type": "Group", "id": f"{one[2]}"}
        entities: list[dict[str, Any]] = [
            {"uid": {"type": "User", "id": f"user{one[0]}"}, "attrs": {}, "parents": [group]},
            {"uid": group, "attrs": {}, "parents": []},
            {
                "uid": {"type": "Dataset", "id": str(one[2])},
                "parents": [],
                "attrs": {"readers": {"__entity": group}},
            },
        ]
        request = {
            "principal": person,
            "action": 'Action::"read"',
            "resource": place,
            "context": {},
        }
        cedarpy.is_authorized(request, CEDAR, entities)

    return ask
