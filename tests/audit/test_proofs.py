"""Proofs leave through page, REST and command, and are checked by a program that knows no site."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.urls import reverse

from audit.models import Event
from audit.seal import keys, proofs, rounds
from tests.acting import rows
from tests.audit.sealing import act, seal_all

PROGRAM = Path(settings.BASE_DIR) / "static" / "verify_bundle.py"


@pytest.fixture
def sealed(cast):
    act(cast, 4)
    seal_all()
    return cast


@pytest.fixture
def checked(tmp_path):
    """Runs the program as an auditor would: a folder of its own, none of our settings."""

    def run(proof: Any, known: str | None = None) -> subprocess.CompletedProcess[str]:
        (tmp_path / "proof.json").write_text(json.dumps(proof))
        (tmp_path / "keys").write_text(known or keys.trusted_file().read_text())
        return subprocess.run(
            [sys.executable, "-I", PROGRAM, "proof.json", "keys"],
            cwd=tmp_path,
            env={},
            capture_output=True,
            text=True,
        )

    return run


def a_change() -> Event:
    return Event.objects.filter(kind="change", verb="person.set_name").latest("id")


def test_the_program_is_short_and_stands_alone():
    text = PROGRAM.read_text()
    assert text.count("\n") <= 60
    imported = {
        (node.module or "").split(".")[0] if isinstance(node, ast.ImportFrom) else name.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert imported <= {
        "base64",
        "json",
        "sys",
        "hashlib",
        "pathlib",
        "typing",
        "cryptography",
        "rfc8785",
    }


def test_every_event_of_a_trail_is_proved(sealed):
    """By the program's own function, for each leaf: every shape of path."""
    program: dict[str, Any] = {"__name__": "program"}
    exec(PROGRAM.read_text(), program)
    known = keys.trusted_file().read_text()
    uids = rows("select uid from audit_leaf order by seq")
    assert len(uids) > 60
    for number, uid in enumerate(uids):
        proof = json.loads(json.dumps(proofs.prove(uid)))
        assert program["check"](proof, known).startswith(f"Event {uid} is number {number} of ")


def test_a_proof_is_checked_elsewhere(sealed, checked):
    proof = proofs.prove(a_change().uid)
    assert "\U0001f600" in proof["what"]["value"]["changes"]["name"][1]
    done = checked(proof)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"number {proof['index']} of {proof['size']}" in done.stdout
    assert len(json.dumps(proof)) < 3072


FORGERIES = {
    "another verb": (lambda p: p["event"].update(verb="x"), "is not in the signed trail"),
    "another actor": (lambda p: p["event"].update(actor=None), "is not in the signed trail"),
    "another name": (lambda p: p["who"]["value"].update(actor="eve"), "part 'who' is not what"),
    "another value": (lambda p: p["what"]["value"].update(message="x"), "part 'what' is not what"),
    "another place": (lambda p: p.update(index=p["index"] - 1), "is not in the signed trail"),
    "beyond the end": (lambda p: p.update(index=p["size"]), "beyond the checkpoint"),
    "a shorter path": (lambda p: p["path"].pop(), "is not in the signed trail"),
    "a longer path": (lambda p: p["path"].append(p["path"][0]), "is not in the signed trail"),
    "another root": (
        lambda p: p.update(checkpoint=p["checkpoint"].replace("\ntime", "\ntimE")),
        "NOT PROVED",
    ),
    "another size": (
        lambda p: p.update(checkpoint=p["checkpoint"].replace(f"\n{p['size']}\n", "\n999\n")),
        "NOT PROVED",
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_proof_is_refused(sealed, checked, name):
    forge, problem = FORGERIES[name]
    proof = proofs.prove(a_change().uid)
    forge(proof)
    done = checked(proof)
    assert done.returncode == 1
    assert problem in done.stderr


def test_a_proof_under_another_key_is_refused(sealed, checked, tmp_path, settings):
    stranger = keys.trusted_file().read_text()
    settings.SEAL_ROOT = tmp_path / "other"
    settings.SEAL_KEY_FILE = str(tmp_path / "other" / "key")
    keys.write([keys.mine(keys.signer())])
    done = checked(proofs.prove(a_change().uid))
    assert "none of these keys signed" in done.stderr
    assert checked(proofs.prove(a_change().uid), stranger).returncode == 0


# --- through the doors


def test_the_page_offers_the_proof(sealed, client, checked):
    client.force_login(sealed.dana, "accounts.backend.SignInBackend")
    event = a_change()
    page = client.get(event.get_absolute_url())
    assert f'href="{reverse("event_proof", args=[event.uid])}"' in page.content.decode()
    answer = client.get(reverse("event_proof", args=[event.uid]))
    assert answer["Content-Disposition"] == f'attachment; filename="proof-{event.uid}.json"'
    known = client.get(reverse("trail_keys")).content.decode()
    assert known == keys.trusted_file().read_text()
    assert checked(answer.json(), known).returncode == 0
    assert Event.objects.filter(verb="trail.prove", actor=sealed.dana, outcome="ok").count() == 1


def test_a_steward_takes_proofs_of_what_is_theirs_to_watch_only(sealed, client):
    client.force_login(sealed.alice, "accounts.backend.SignInBackend")
    mine = Event.objects.filter(verb="asset.register", kind="act").latest("id")
    assert client.get(reverse("event_proof", args=[mine.uid])).status_code == 200
    assert client.get(reverse("event_proof", args=[a_change().uid])).status_code == 404
    assert client.get(reverse("trail_keys")).status_code == 404


def test_an_outsider_gets_no_proof(sealed, client):
    client.force_login(sealed.charlie, "accounts.backend.SignInBackend")
    for address in (reverse("event_proof", args=[a_change().uid]), reverse("trail_keys")):
        assert client.get(address).status_code == 404


def test_what_is_not_sealed_yet_says_so(sealed, client):
    act(sealed, 1)
    client.force_login(sealed.dana, "accounts.backend.SignInBackend")
    address = reverse("event_proof", args=[a_change().uid])
    page = client.get(address, follow=True).content.decode()
    assert "not sealed yet" in page
    assert client.get(f"/api/v1/trail/{a_change().uid}/proof").status_code == 409
    rounds.once()
    assert client.get(address).status_code == 200


def test_rest_and_command_give_the_same_proof(sealed, client, checked):
    event = a_change()
    client.force_login(sealed.dana, "accounts.backend.SignInBackend")
    by_rest = client.get(f"/api/v1/trail/{event.uid}/proof")
    out = StringIO()
    call_command("prove", str(event.uid), "--as", "dana", stdout=out)
    assert by_rest.json() == json.loads(out.getvalue())
    assert checked(by_rest.json()).returncode == 0
    with pytest.raises(CommandError, match=r"no event .* that bob may read"):
        call_command("prove", str(event.uid), "--as", "bob")
