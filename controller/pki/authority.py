"""The authority of one box: its key kept as the box keeps its other keys, what it gave out, and what it called back.

``DIR/pki`` holds `ca.key`, `ca.pem` and `register.json`, each sealed under the box's key where the box is sealed. Keys
of devices are not among them: a device makes its own, or is given it once and the box forgets it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from controller.pki import profiles
from controller.pki.register import Given, Register, decode, encode
from controller.store.secret_files import SecretFiles
from devices.mqtt.identity import Identity

PKI_FOLDER: Final = "pki"
CA_KEY: Final = "ca.key"
CA_CERTIFICATE: Final = "ca.pem"
REGISTER: Final = "register.json"

LIST_SLACK: Final = timedelta(hours=1)
"""How long before now a revocation list begins: within an hour each can be newer than the last, and none is of the
future. Of two lists OpenSSL takes the newer one, by whole seconds."""
_SECOND: Final = timedelta(seconds=1)

ABSENT = "this box has no certificate authority yet: make it with `ostiary pki init`, or start the box once"
DAMAGED = "{place} is damaged: restore it from a backup"


class PkiError(ValueError):
    """What was asked of the authority cannot be done; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A new certificate of a device, and what else its bundle holds (PEM)."""

    record: Given
    certificate: bytes = field(repr=False)
    ca: bytes = field(repr=False)


def utc_now() -> datetime:
    """Return the wall clock, in UTC."""
    return datetime.now(UTC)


class Authority:
    """The authority whose files lie in ``files``. One process at a time owns it: whoever holds the box's fence."""

    def __init__(self, files: SecretFiles, now: Callable[[], datetime] = utc_now) -> None:
        self.now = now
        self._files = files
        self._root: profiles.Root | None = None
        self._register: Register | None = None

    @property
    def exists(self) -> bool:
        """Whether it was made already."""
        return self._files.exists(CA_KEY)

    def init(self, name: str) -> None:
        """Make it, for the building of this name. Raises ``PkiError`` where there is one: devices know that one."""
        if self.exists:
            raise PkiError(f"there is an authority already ({self._files.path(CA_CERTIFICATE)}), and devices know it")
        self._files.path("").mkdir(mode=0o700, parents=True, exist_ok=True)
        made = profiles.root(name, self.now())
        self._files.write(CA_CERTIFICATE, profiles.pem(made.certificate))
        self._write(Register())
        self._files.create(CA_KEY, profiles.key_pem(made.key))  # last: its being there says that all is
        self._root = made

    def ca(self) -> bytes:
        """Return the authority's certificate, which every device keeps (PEM)."""
        return profiles.pem(self._opened().certificate)

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the authority's certificate, as browsers and `openssl x509 -fingerprint -sha256` show it."""
        return self._opened().certificate.fingerprint(SHA256()).hex(":").upper()

    @property
    def until(self) -> datetime:
        """When the authority itself ends."""
        return self._opened().certificate.not_valid_after_utc

    @property
    def register(self) -> Register:
        """What was given out and called back. Raises ``PkiError`` without an authority, ``SealBroken``."""
        self._opened()
        if self._register is None:
            content = self._files.read(REGISTER)
            if content is None:
                raise PkiError(f"{self._files.path(REGISTER)} is missing: restore it from a backup")
            self._register = decode(content, str(self._files.path(REGISTER)))
        return self._register

    def issue(self, device: str, request: bytes, *, again: bool = False) -> Issued:
        """Sign a device's request. ``again``: also where it has a certificate that counts, which stays until its end.

        Raises ``PkiError`` for a second one that was not meant, ``BadRequest``.
        """
        now = self.now()
        counting = self.register.counting(device, now)
        if counting and not again:
            raise PkiError(
                f"{device} has a certificate until {counting[-1].until:%Y-%m-%d}: `ostiary pki renew {device}` makes "
                f"the next one, `ostiary pki revoke {device}` calls this one back"
            )
        if again and not self.register.of(device):
            raise PkiError(f"{device} has no certificate to renew: `ostiary pki issue {device}` makes its first")
        key = profiles.requested_key(request, device)
        self._refuse_old(now)
        made = profiles.client(self._opened(), device, key, now, profiles.DEVICE_LIFE)
        given = Given(device, made.serial_number, now, made.not_valid_after_utc)
        self._write(self.register.with_given(given))  # recorded before anybody has it
        return Issued(given, profiles.pem(made), self.ca())

    def revoke(self, device: str) -> tuple[Given, ...]:
        """Call back every certificate of a device that counts; return them. Raises ``PkiError`` where none does."""
        now = self.now()
        called_back = self.register.counting(device, now)
        if not called_back:
            known = self.register.of(device)
            said = f"its last one is {known[-1].standing(now)}" if known else "it was never given one"
            raise PkiError(f"{device} has no certificate that counts: {said}")
        self._write(self.register.without(device, now))
        return called_back

    def crl(self) -> bytes:
        """Return a fresh revocation list (PEM). Each is newer than the last by a second at least."""
        now, before = self.now(), self.register
        listed = max(now - LIST_SLACK, before.listed + _SECOND).replace(microsecond=0)
        if listed > now:  # a clock that was set back, or a list a second for an hour
            listed = now.replace(microsecond=0)
        self._write(replace(before, number=before.number + 1, listed=listed))
        revoked = {one.serial: one.revoked for one in before.given if one.revoked is not None}
        return profiles.pem(profiles.revocations(self._opened(), revoked, before.number + 1, listed, now))

    def refused(self, devices: Iterable[str]) -> frozenset[str]:
        """Return those devices whose certificates were called back, all of them: they have no say at the broker."""
        now = self.now()
        return frozenset(
            device for device in devices if self.register.of(device) and not self.register.counting(device, now)
        )

    def server(self, hosts: Iterable[str]) -> Identity:
        """Make what a server of the box answers under, of a new key. Nobody writes it down."""
        key = profiles.new_key()
        made = profiles.server(self._opened(), hosts, key.public_key(), self.now())
        return Identity(profiles.pem(made), profiles.key_pem(key))

    def client(self, name: str) -> Identity:
        """Make what the box itself is let in by under this name, of a new key."""
        key = profiles.new_key()
        made = profiles.client(self._opened(), name, key.public_key(), self.now(), profiles.OWN_LIFE)
        return Identity(profiles.pem(made), profiles.key_pem(key))

    def _opened(self) -> profiles.Root:
        if self._root is None:
            key, certificate = self._files.read(CA_KEY), self._files.read(CA_CERTIFICATE)
            if key is None:
                raise PkiError(ABSENT)
            self._root = self._root_of(key, certificate or b"")
        return self._root

    def _root_of(self, key: bytes, certificate: bytes) -> profiles.Root:
        place = self._files.path(CA_CERTIFICATE)
        try:
            private = serialization.load_pem_private_key(key, None)
            public = x509.load_pem_x509_certificate(certificate)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise PkiError(DAMAGED.format(place=place)) from error
        if not isinstance(private, ec.EllipticCurvePrivateKey) or public.public_key() != private.public_key():
            raise PkiError(f"{place} is not the certificate of the key beside it: restore both from a backup")
        return profiles.Root(public, private)

    def _refuse_old(self, now: datetime) -> None:
        if now >= self.until:
            raise PkiError(f"the authority itself ended on {self.until:%Y-%m-%d}: it signs nothing any more")

    def _write(self, register: Register) -> None:
        self._files.write(REGISTER, encode(register))
        self._register = register
