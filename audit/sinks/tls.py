"""A verified TLS connection that ends after so many seconds, whatever the other side does."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from audit.sinks.targets import Target

CONNECT, READ, WHOLE = 5.0, 10.0, 20.0  # seconds


@contextmanager
def connected(target: Target) -> Iterator[ssl.SSLSocket]:
    context = ssl.create_default_context(cafile=target.ca or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if target.cert:
        context.load_cert_chain(target.cert)
    raw = socket.create_connection((target.host, target.port), timeout=CONNECT)
    with (
        raw,
        deadline(raw, WHOLE),
        context.wrap_socket(raw, server_hostname=target.host) as tls,
    ):
        tls.settimeout(READ)
        yield tls


@contextmanager
def deadline(connection: socket.socket, seconds: float) -> Iterator[None]:
    """A timeout counts from the last byte, so one byte a second would hold a worker for ever."""
    handle = socket.socket(fileno=os.dup(connection.fileno()))

    def end() -> None:
        with suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        handle.close()
