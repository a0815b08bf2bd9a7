"""What the console and its API answer under: TLS 1.3, with a certificate of the box's own authority, made in memory."""

from __future__ import annotations

import ipaddress
import os
import ssl
from collections.abc import Callable, Iterable

from controller.pki.authority import Authority
from devices.mqtt.identity import Identity

LOOPBACK = ("localhost", "127.0.0.1", "::1")
EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - addresses that are compared with, not bound to
"""Where to listen so that every address of the machine is meant: none of them is a name anybody calls."""

PLAIN_ELSEWHERE = "--plain-http is for loopback alone: whoever listens on the network would read every password"


def answers_to(names: Iterable[str], host: str) -> tuple[str, ...]:
    """Return every name and address under which the console is called: loopback, where it listens, and ``names``."""
    listening = () if host in EVERYWHERE else (host,)
    return tuple(dict.fromkeys(name.lower() for name in (*LOOPBACK, *listening, *sorted(names))))


def in_a_host_header(names: Iterable[str]) -> frozenset[str]:
    """Return names and addresses as a browser says them in ``Host``: IPv6 in brackets."""
    return frozenset(f"[{name}]" if ":" in name else name for name in names)


def is_loopback(host: str) -> bool:
    """Tell whether nobody but this machine reaches an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class ConsoleTls:
    """The context the console is served with. ``renew`` gives it a new certificate while it is being served."""

    def __init__(self, authority: Authority, names: Callable[[], tuple[str, ...]]) -> None:
        self._authority = authority
        self._names = names
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        self.renew()

    def renew(self) -> None:
        """Answer under a new key and certificate from the next connection on. Those that are open stay.

        For the loop that serves: OpenSSL must not shake hands meanwhile.
        """
        _load(self.context, self._authority.server(self._names()))


def _load(context: ssl.SSLContext, who: Identity) -> None:
    """Hand a key over to OpenSSL, which reads files alone: one that lies in memory and has no name."""
    descriptor = os.memfd_create("console", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, who.certificate + who.key)
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
