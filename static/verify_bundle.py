"""Checks proofs without their site: verify_bundle.py PROOF.json KEYS, or .jsonl with one a line.
KEYS: public keys, from somebody you trust and not from whoever sent the proof. Exits 1 if it fails.
"""

import base64
import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def signed(note: str, keys: str) -> tuple[int, bytes]:  # a C2SP signed note: size and root
    text, _, lines = note.partition("\n\n")
    origin, size, root, _time = text.split("\n")
    for key in keys.splitlines():
        vkey, _, until = key.partition(" until ")
        name, _, encoded = vkey.split("+", 2)
        public = base64.b64decode(encoded)[1:]
        key_id = sha256(name.encode() + b"\n\x01" + public).digest()[:4]
        for line in lines.splitlines() if name == origin else []:
            raw = base64.b64decode(line.removeprefix(f"— {name} "))
            if raw[:4] == key_id and (not until or int(size) <= int(until)):
                Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], f"{text}\n".encode())
                return int(size), base64.b64decode(root)
    raise ValueError("none of these keys signed the checkpoint")


def check(proof: dict[str, Any], keys: str) -> str:
    """What the proof proves; raises if it does not."""
    size, root = signed(proof["checkpoint"], keys)
    place, last = proof["index"], size - 1
    if not 0 <= place <= last:
        raise ValueError("the event lies beyond the checkpoint")
    found = sha256(b"\x00" + rfc8785.dumps(proof["event"])).digest()
    for step in map(base64.b64decode, proof["path"]):
        left = bool(place & 1) or place == last
        found = sha256(b"\x01" + (step + found if left else found + step)).digest()
        while left and place and not place & 1:
            place, last = place >> 1, last >> 1
        place, last = place >> 1, last >> 1
    if last or found != root:
        raise ValueError("this event, as it stands here, is not in the signed trail")
    for part in {"who", "what"} & set(proof):
        data = bytes.fromhex(proof[part]["salt"]) + rfc8785.dumps(proof[part]["value"])
        if sha256(data).hexdigest() != proof["event"][part]:
            raise ValueError(f"the part {part!r} is not what was recorded")
    return f"Event {proof['event']['uid']} is number {proof['index']} of {size} signed ones."


if __name__ == "__main__":
    try:
        text, keys = (Path(name).read_text("utf-8") for name in sys.argv[1:3])
        for proof in text.strip().split("\n") if sys.argv[1].endswith(".jsonl") else [text]:
            print(check(json.loads(proof), keys))
    except Exception as error:
        sys.exit(f"NOT PROVED: {str(error) or type(error).__name__}")
