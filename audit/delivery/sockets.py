"""A connection that ends after so many seconds, whatever the other side does; TLS is verified."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from audit.delivery.address import Address

CONNECT, READ, WHOLE = 5.0, 10.0, 20.0  # seconds


@contextmanager
def dialled(to: Address, seconds: float | None = None) -> Iterator[socket.socket]:
    raw = socket.create_connection((to.host, to.port), timeout=CONNECT)
    with raw, deadline(raw, seconds or WHOLE):
        raw.settimeout(READ)
        yield raw


@contextmanager
def connected(to: Address, seconds: float | None = None) -> Iterator[ssl.SSLSocket]:
    context = ssl.create_default_context(cafile=to.ca or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if to.cert:
        context.load_cert_chain(to.cert)
    with dialled(to, seconds) as raw, context.wrap_socket(raw, server_hostname=to.host) as tls:
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
