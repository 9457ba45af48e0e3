"""What the model is sent is the method that was asked about, and no word of another one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.gateway import model_server, programs
from tests.gateway.test_proxies import Front
from tests.together import until

NAMES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")


def spellings(name: str) -> list[str]:
    """Each of its hyphens may be an underscore: many a framework reads both."""
    first, *rest = name.split("-")
    ways = product("-_", repeat=len(rest))
    return [first + "".join(map("".join, zip(way, rest, strict=True))) for way in ways]


@pytest.fixture(params=list(programs.PROXIES))
def open_gate(request: Any, tmp_path: Path) -> Iterator[Front]:
    """A proxy by its sample, whose question is always answered with yes."""
    with ExitStack() as stack:
        gate = stack.enter_context(model_server.serving())
        model = stack.enter_context(model_server.serving())
        listen = programs.free_port()
        config = programs.sample(request.param, tmp_path, gate, model, listen)
        home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
        command = programs.PROXIES[request.param](config)
        stack.enter_context(programs.running(command, listen, tmp_path, **home))
        found = Front(listen, None)
        until(lambda: found.send("GET", "/v1/models/tumour").status == 200)
        yield found


def test_a_method_in_a_header_does_not_reach_the_model(open_gate):
    sent = [name for one in NAMES for name in spellings(one)]
    for name in [*sent, *map(str.lower, sent)]:
        answer = open_gate.send("GET", "/v1/models/tumour", "", f"{name}: DELETE", "X-Other: 1")
        if answer.status == 400:  # Envoy lets no underscore in
            assert "_" in name
            continue
        assert answer.status == 200, (name, answer.head)
        seen = answer.json["seen"]
        assert seen["x-other"] == "1"
        assert "DELETE" not in seen.values(), name
