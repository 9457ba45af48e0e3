"""Other systems on this machine: real sockets with real TLS, well-behaved or not."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import trustme

OK = b"HTTP/1.1 204 No Content\r\n\r\n"
Behaviour = Callable[[ssl.SSLSocket, "Receiver"], None]


@dataclass
class Receiver:
    port: int = 0
    ca: str = ""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    calls: int = 0


@contextmanager
def receiver(folder: Path, behave: Behaviour, name: str = "localhost") -> Iterator[Receiver]:
    """Listens until the test ends; each connection is handled by `behave`."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    found = Receiver(ca=str(folder / "ca.pem"))
    stopped = threading.Event()

    def serve() -> None:
        while not stopped.is_set():
            with suppress(OSError, ssl.SSLError):
                raw, _ = listener.accept()
                found.calls += 1
                raw.settimeout(5)
                with raw, context.wrap_socket(raw, server_side=True) as tls:
                    behave(tls, found)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.01)  # how often it looks whether the test has ended
        found.port = listener.getsockname()[1]
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield found
        finally:
            stopped.set()
            thread.join(20)


def read_request(tls: ssl.SSLSocket, found: Receiver) -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        data += tls.recv(65_536)
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")[1:]
    headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
    while len(body) < int(headers["content-length"]):
        body += tls.recv(65_536)
    found.headers.append(headers)
    found.bodies.append(body)


def takes(tls: ssl.SSLSocket, found: Receiver) -> None:
    read_request(tls, found)
    tls.sendall(OK)


def answering(answer: bytes) -> Behaviour:
    def behave(tls: ssl.SSLSocket, found: Receiver) -> None:
        read_request(tls, found)
        tls.sendall(answer)

    return behave


def drips(tls: ssl.SSLSocket, found: Receiver) -> None:
    """One byte after the other, each in time."""
    read_request(tls, found)
    with suppress(OSError):
        for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000:
            tls.sendall(bytes([byte]))
            threading.Event().wait(0.1)


def logs(tls: ssl.SSLSocket, found: Receiver) -> None:
    """A syslog server: reads frames to the end, then closes in order."""
    data = b""
    with suppress(ssl.SSLError):
        while part := tls.recv(65_536):
            data += part
    found.bodies.append(data)
    with suppress(OSError, ssl.SSLError):
        tls.unwrap()


def resets(tls: ssl.SSLSocket, found: Receiver) -> None:
    """Reads a little and tears the connection down with the rest unread."""
    tls.recv(100)
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    os.close(tls.detach())


def frames(data: bytes) -> list[str]:
    """RFC 6587 octet counting, read back."""
    found = []
    while data:
        length, _, rest = data.partition(b" ")
        found.append(rest[: int(length)].decode())
        data = rest[int(length) :]
    return found
