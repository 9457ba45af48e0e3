"""The check endpoint over HTTP: key, JSON, decision; against a bare view and DRF with guardian."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psutil
from django.conf import settings
from django.utils import timezone

from accounts.actions import grants, keys, services
from accounts.decision import site
from accounts.models import ServiceAccount, User
from benchmarks import world
from benchmarks.crowd import Questions
from tests.cast import role

PORT = 8145
SERVERS = {
    "granian": ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(PORT),
                "--workers", "2", "--blocking-threads", "1", "--log-level", "error",
                "benchmarks.site:application"],
    "gunicorn": ["gunicorn", "-b", f"127.0.0.1:{PORT}", "-w", "2", "-k", "gthread", "--threads",
                 "4", "--log-level", "error", "benchmarks.site:application"],
}  # fmt: skip
# One core serves and the last one asks, or what wrk costs would count as the server's.
CORES = sorted(os.sched_getaffinity(0))
TARGETS = {"granian": 2.0, "gunicorn": 1.3}
# The same requests to each; of the bare view also the plainest that there is.
FAST, GUARDIAN = "POST /access/v1/evaluation", "POST /guardian"
FLOOR, PLAINEST = "POST /floor", "GET /floor"


def figures(questions: Questions) -> list[bool]:
    if shutil.which("wrk") is None:
        return [world.figure("over HTTP", 0, "x", "", False, "wrk is missing: apt-get install wrk")]
    script = requests(questions)
    return [ok for name in SERVERS for ok in measured(name, script)]


def requests(questions: Questions) -> Path:
    """500 people, every dataset, three permissions: more questions than any cache of answers."""
    key = secret()
    lines = []
    for person, permission, place in questions.draw(
        100_000, subjects=min(500, questions.people - 10)
    ):
        project = 1 + (place - 2_000_000) % max(questions.datasets // 200, 10)
        body = {
            "subject": {"type": "user", "id": f"user{person}"},
            "action": {"name": permission},
            "resource": {"type": "dataset", "id": f"p{project}/d{place - 2_000_000}"},
        }
        lines.append(json.dumps(body))
    folder = Path(os.environ["DATA_DIR"])
    (folder / "questions.txt").write_text("\n".join(lines))
    script = folder / "ask.lua"
    script.write_text(
        f"""
local bodies = {{}}
for line in io.lines("{folder / "questions.txt"}") do bodies[#bodies + 1] = line end
local n, ready = 0, {{}}
wrk.headers["Authorization"] = "Bearer {key}"
wrk.headers["Content-Type"] = "application/json"
function init(args)
  for i, body in ipairs(bodies) do ready[i] = wrk.format("POST", nil, nil, body) end
end
function request()
  n = n + 1
  return ready[n % #ready + 1]
end
"""
    )
    return script


def secret() -> str:
    """Of a service that may ask about everybody."""
    erin = User.objects.get(username="erin")
    asker = ServiceAccount.objects.filter(user__username="pep").first()
    if asker is None:
        asker = services.register(username="pep", owner=User.objects.get(username="dana"), by=erin)
        grants.give(role("auditor"), asker.user, site(), by=erin)
    end = timezone.now() + timedelta(days=1)
    issued = keys.issue(asker.user, name="pep", scopes=["review"], expires_at=end, by=asker.owner)
    return issued.secret


def spent(questions: Questions) -> float:
    """Seconds of one check, where they come as fast as they are answered."""
    script = requests(questions)
    with serving("granian"):
        warm(script)
        empty_spool()
        return 1 / wrk(FAST, script, 4)


def measured(server: str, script: Path) -> list[bool]:
    asked = (FLOOR, FAST, GUARDIAN, PLAINEST)
    worked: dict[str, list[float]] = {one: [] for one in asked}
    rounds: dict[str, list[float]] = {one: [] for one in asked}
    with serving(server) as process:
        warm(script)
        for one in asked * 5:
            empty_spool()
            before = cpu(process)
            rounds[one].append(wrk(one, script, 4))
            worked[one].append((cpu(process) - before) / (rounds[one][-1] * 4) * 1e6)
    rates = {one: max(rounds[one]) for one in asked}
    bare, stock = rates[FAST] / rates[FLOOR], rates[FAST] / rates[GUARDIAN]
    detail = ", ".join(
        f"{one} {rate:.0f}/s with {min(worked[one]):.0f} us of work" for one, rate in rates.items()
    )
    detail += "; one core; wrk on the other, 64 connections, best of 5 rounds, half allowed"
    target = TARGETS[server]
    return [
        world.figure(f"the check endpoint / a bare Django view, same requests, {server}", bare, "x",
                     f">= {target}", bare >= target, detail),
        world.figure(f"the check endpoint / DRF with guardian, {server}", stock, "x", ">= 30",
                     stock >= 30, detail),
    ]  # fmt: skip


def warm(script: Path) -> None:
    """Until every worker has met every person, place and name: until it gets no faster."""
    before, now = 0.0, 1.0
    for _ in range(30):
        empty_spool()
        before, now = now, wrk(FAST, script, 5)
        if now < before * 1.03:
            break


def empty_spool() -> None:
    """No worker drains here, and a spool that is full would send every question the long way."""
    for path in settings.SPOOL_ROOT.glob("*.jsonl"):
        path.unlink()


def cpu(process: psutil.Process) -> float:
    """Seconds that the server and its workers have worked."""
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def wrk(asked: str, script: Path, seconds: int) -> float:
    method, path = asked.split()
    command = ["taskset", "-c", str(CORES[-1]), "wrk", "-t1", "-c64", f"-d{seconds}s"]
    if method == "POST":
        command += ["-s", str(script)]
    command.append(f"http://127.0.0.1:{PORT}{path}")
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", out)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    assert found is not None, out
    assert wrong is None, out
    return float(found[1])


@contextmanager
def serving(server: str) -> Iterator[psutil.Process]:
    name, *options = SERVERS[server]
    log = (Path(os.environ["DATA_DIR"]) / f"{server}.log").open("w")
    environment = os.environ | {"PORT": str(PORT), "PYTHONPATH": str(world.ROOT)}
    command = ["taskset", "-c", str(CORES[0]), f"{Path(sys.executable).parent}/{name}", *options]
    process = subprocess.Popen(command, cwd=world.ROOT, env=environment, stdout=log, stderr=log)
    try:
        world.wait_for(PORT, FLOOR.split()[1])
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)
        log.close()
