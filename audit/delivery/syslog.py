"""Messages of RFC 5424: a datagram each (RFC 5426), or counted by octets (RFC 6587, 5425)."""

from __future__ import annotations

import socket
import ssl

from audit.delivery.address import Address, NotTaken
from audit.delivery.sockets import CONNECT, connected, dialled

AUDIT = 13 * 8  # the facility "log audit" of §6.2.1
SCHEMES = ("syslog", "syslog+udp", "syslog+tcp", "syslog+tls")


def message(severity: int, at: str, kind: str, text: str) -> str:
    host = socket.gethostname()[:255] or "-"
    return f"<{AUDIT + severity}>1 {at} {host} gatehouse - {kind[:32]} - {text}"


def send(to: Address, messages: list[str], seconds: float | None = None) -> None:
    if to.scheme in ("syslog", "syslog+udp"):
        datagrams(to, messages)
        return
    frames = b"".join(frame(one) for one in messages)
    if to.scheme == "syslog+tcp":
        with dialled(to, seconds) as raw:
            raw.sendall(frames)
        return
    with connected(to, seconds) as tls:
        tls.sendall(frames)
        taken(tls)


def datagrams(to: Address, messages: list[str]) -> None:
    """To a socket of this machine, or over UDP: nobody says whether one arrived."""
    family, where = (
        (socket.AF_INET6 if ":" in to.host else socket.AF_INET, (to.host, to.port))
        if to.host
        else (socket.AF_UNIX, to.path)
    )
    with socket.socket(family, socket.SOCK_DGRAM) as out:
        out.settimeout(CONNECT)
        out.connect(where)
        for one in messages:
            out.send(encoded(one))


def taken(tls: ssl.SSLSocket) -> None:
    """Syslog answers nothing; but who closes in order, and does not reset, has read everything."""
    try:
        tls.unwrap()
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
        pass
    except ssl.SSLError as error:
        raise NotTaken(f"it did not close in order: {error.reason}") from None


def frame(text: str) -> bytes:
    body = encoded(text)
    return b"%d %b" % (len(body), body)


def encoded(text: str) -> bytes:
    return text.encode(errors="backslashreplace")
