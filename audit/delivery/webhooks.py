"""A POST that is signed, so that the receiver knows whose it is: https://www.standardwebhooks.com."""

from __future__ import annotations

import base64
import hmac
import time
from hashlib import sha256
from http.client import HTTPConnection, HTTPException

from audit.delivery.address import Address, NotTaken
from audit.delivery.sockets import connected, dialled

ANSWER = 65_536  # bytes of an answer that are read


def post(to: Address, uid: str, body: bytes, secret: str, seconds: float | None = None) -> None:
    """`uid`: what is delivered, so that a repetition is known as one."""
    headers = signed(secret, f"msg_{sha256(uid.encode()).hexdigest()[:32]}", body)
    with (dialled if to.scheme == "http" else connected)(to, seconds) as connection:
        caller = HTTPConnection(to.host, to.port)
        caller.sock = connection
        try:
            caller.request("POST", to.path or "/", body, headers)
            answer = caller.getresponse()
            answer.read(ANSWER)
        except HTTPException as error:
            raise NotTaken(f"it answers no HTTP: {type(error).__name__}") from None
    if not 200 <= answer.status < 300:
        raise NotTaken(f"it answers {answer.status}")


def is_secret(text: str) -> bool:
    try:
        return bool(base64.b64decode(text.removeprefix("whsec_"), validate=True))
    except ValueError:
        return False


def signed(secret: str, uid: str, body: bytes) -> dict[str, str]:
    """HMAC-SHA256 over id, time and body."""
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    at = str(int(time.time()))
    digest = hmac.digest(key, b".".join([uid.encode(), at.encode(), body]), "sha256")
    return {
        "Content-Type": "application/json",
        "User-Agent": "Gatehouse",
        "webhook-id": uid,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
