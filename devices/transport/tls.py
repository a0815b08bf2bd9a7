"""A TLS connection made without holding up anybody: a peer that takes the call and then says nothing costs one task."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Final

CONNECT_TIMEOUT: Final = 2.0
"""Seconds until the peer has answered and proved who it is."""


async def connect(host: str, port: int, context: ssl.SSLContext, timeout: float = CONNECT_TIMEOUT) -> ssl.SSLSocket:  # noqa: ASYNC109 - one bound for all of it
    """Return a non-blocking socket with the handshake done and Nagle's algorithm off. Raises OSError, TimeoutError."""
    loop = asyncio.get_running_loop()
    plain = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        plain.setblocking(False)  # noqa: FBT003 - the socket's own signature
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        async with asyncio.timeout(timeout):
            await loop.sock_connect(plain, (host, port))
            secure = context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
            plain = secure  # wrapping detached it: this one is closed now
            await _shake_hands(secure, loop)
    except BaseException:
        plain.close()
        raise
    return secure


async def _shake_hands(sock: ssl.SSLSocket, loop: asyncio.AbstractEventLoop) -> None:
    while True:
        try:
            sock.do_handshake()
        except ssl.SSLWantReadError:
            ready = loop.create_future()
            loop.add_reader(sock, _tell, ready)
            await _then(ready, loop.remove_reader, sock)
        except ssl.SSLWantWriteError:
            ready = loop.create_future()
            loop.add_writer(sock, _tell, ready)
            await _then(ready, loop.remove_writer, sock)
        else:
            return


async def _then(ready: asyncio.Future[None], remove: Callable[[ssl.SSLSocket], bool], sock: ssl.SSLSocket) -> None:
    try:
        await ready
    finally:
        remove(sock)


def _tell(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
