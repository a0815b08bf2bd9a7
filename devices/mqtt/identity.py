"""Who somebody is on the broker: a certificate and its key; and what the broker needs of whoever gives them out."""

import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

KEY: Final = "key.pem"
CERTIFICATE: Final = "cert.pem"
CA: Final = "ca.pem"
"""The files of a bundle, in a folder of its own: the key for its owner only, the certificate, whom to trust."""


CLEANSE_PLAINTEXT: Final = 1 << 1
"""OpenSSL's `SSL_OP_CLEANSE_PLAINTEXT` (3.0 and later), which Python does not name: what was read is wiped behind it.

Else a card stands in freed memory until something else happens to lie there.
"""


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate and the private key that belongs to it, both PEM."""

    certificate: bytes = field(repr=False)
    key: bytes = field(repr=False)


class Authority(Protocol):
    """Who signs for this broker."""

    def ca(self) -> bytes:
        """Return the authority's own certificate (PEM)."""
        ...

    def crl(self) -> bytes:
        """Return a fresh list of what was called back (PEM)."""
        ...

    def refused(self, devices: Iterable[str]) -> frozenset[str]:
        """Return those of the devices that have no certificate left that counts."""
        ...

    def server(self, hosts: Iterable[str]) -> Identity:
        """Make what the broker answers under."""
        ...

    def client(self, name: str) -> Identity:
        """Make what lets a client of this name in."""
        ...


def context(bundle: Path) -> ssl.SSLContext:
    """Return what a client connects with: TLS 1.3 only, its own certificate, and no authority trusted but ours.

    Raises OSError where the bundle is missing or is none (``ssl.SSLError`` is one).
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    made.options |= CLEANSE_PLAINTEXT
    made.load_verify_locations(bundle / CA)
    made.load_cert_chain(bundle / CERTIFICATE, bundle / KEY)
    return made
