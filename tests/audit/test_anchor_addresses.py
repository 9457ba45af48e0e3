"""Addresses that no checkpoint would reach are refused at the start, and none is shown whole."""

from __future__ import annotations

import pytest

from audit.seal import anchors, rounds
from governance import checks, health
from tests.acting import rows
from tests.audit.test_anchors import SECRET

HOST, FORM, AT = "needs a host", "write SCHEME://HOST:PORT/PATH", "holds no credentials, and no @"
BAD = {
    "https://": HOST,
    "https:///hook": HOST,
    "https:hook": HOST,
    "https://wit ness/hook": HOST,
    "https://[bad/hunter2": FORM,
    "https://host:99999/hunter2": FORM,
    "https://host:0/hunter2": FORM,
    "https://host:hunter2/x": FORM,
    "https://user:hunter2/x@host/x": AT,
    "https://host/x?a=b@hunter2": AT,
    "https://user:hunter2@host/x": AT,
    "syslog+tcp://": HOST,
    "syslog+tls:": HOST,
    "syslog+udp://:514": HOST,
    "syslog://": "write syslog:///PATH",
    "syslog:///": "write syslog:///PATH",
    "syslog://host": "needs a host and a port",
    "hunter2": "nothing:// is none of",
}
GOOD = [
    "syslog:///dev/log",
    "syslog:/dev/log",
    "syslog://host:514",
    "syslog+udp://[::1]",
    "syslog+tls://Host.example",
    "SYSLOG+TCP://host:601",
    " https://witness.example:8443/hook?key=1",
    "http://witness.example",
]


def told() -> list[str]:
    return [one.msg for one in checks.deployment() if one.id == "gatehouse.E013"]


@pytest.mark.parametrize("address", BAD)
def test_what_is_never_reached_is_refused(cast, settings, caplog, address):
    settings.SEAL_ANCHORS, settings.SEAL_WEBHOOK_SECRET = [address], SECRET
    [problem] = told()
    assert BAD[address] in problem
    rounds.once()
    assert rows("select target from audit_anchor") == ["file"]
    assert "anchor " in caplog.text
    assert "hunter2" not in problem + caplog.text + health.anchored().found


def test_what_can_be_is_not(settings):
    settings.SEAL_ANCHORS, settings.SEAL_WEBHOOK_SECRET = GOOD, SECRET
    assert told() == []


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_hunter2!"])
def test_a_webhook_needs_its_secret_where_the_trail_is_sealed(cast, settings, caplog, secret):
    settings.SEAL_ANCHORS, settings.SEAL_WEBHOOK_SECRET = ["https://host/x"], secret
    [problem] = told()
    assert "SEAL_WEBHOOK_SECRET" in problem
    rounds.once()
    assert rows("select target from audit_anchor") == ["file"]
    assert "hunter2" not in problem + caplog.text
    settings.SEAL_KEY_FILE = ""
    assert told() == [], "and nowhere else, since nobody else has it"


SHOWN = {
    "https://hooks.example/T00/B00/hunter2?a=b": "https://hooks.example",
    "https://hooks.example?hunter2": "https://hooks.example",
    "https://hooks.example:hunter2": "https://hooks.example",
    "https://hooks.example\\hunter2": "https://hooks.example",
    "https://user:hunt/er2@host/x": "https://…",
    "s3://bucket/prefix?endpoint=https://store/hunter2": "s3://bucket",
    "syslog+tcp://[::1]:601": "syslog+tcp://[::1]",
    "hunter2": "…://",
    "file": "file",
}


@pytest.mark.parametrize("address", SHOWN)
def test_what_is_shown_holds_no_secret(address):
    assert anchors.shown(address) == SHOWN[address]
