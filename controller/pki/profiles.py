"""What our certificates say: EC P-256, SHA-256, and nothing more than each needs (RFC 5280). Pure, but for new keys.

Time is an argument. Every certificate begins a day before it is made: a device whose clock is somewhat behind must not
be refused, and a clock that is further behind fails everything else as well.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SLACK: Final = timedelta(days=1)
"""How long before it is made a certificate begins."""
ROOT_LIFE: Final = timedelta(days=20 * 365)
"""Longer than the building's wiring lasts: a new root means a walk to every device."""
DEVICE_LIFE: Final = timedelta(days=2 * 365)
"""What a device's certificate lives: one visit with a laptop every two years."""
OWN_LIFE: Final = timedelta(days=90)
"""The broker's, the box's and the console's own; made anew at every start and every day, and never on a disk."""
LIST_LIFE: Final = timedelta(days=30)
"""How long a revocation list counts. Under one that has run out a broker refuses everybody: it is made anew daily."""

_CA_USAGE: Final = frozenset({"key_cert_sign", "crl_sign"})
_END_USAGE: Final = frozenset({"digital_signature"})
_USAGES: Final = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


class BadRequest(ValueError):
    """A signing request that is none, or not one we sign; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Root:
    """The authority itself: its certificate and the key that signs."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def new_key() -> ec.EllipticCurvePrivateKey:
    """Make a key on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def root(name: str, now: datetime) -> Root:
    """Make an authority that signs certificates of ends only (path length 0)."""
    key = new_key()
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Ostiary"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{name} devices"[:64]),
        ]
    )
    builder = _begun(subject, subject, key.public_key(), now, now + ROOT_LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(_CA_USAGE), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return Root(builder.sign(key, SHA256()), key)


def client(of: Root, name: str, key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta) -> x509.Certificate:
    """Sign who a client is: its common name is its user name and its client id at the broker."""
    names = [x509.DNSName(name)]
    return _end(of, name, key, now, life, names, ExtendedKeyUsageOID.CLIENT_AUTH)


def server(of: Root, hosts: Iterable[str], key: ec.EllipticCurvePublicKey, now: datetime) -> x509.Certificate:
    """Sign what a server answers under: names and addresses alike."""
    listed = list(dict.fromkeys(hosts))
    names = [_host(host) for host in listed]
    return _end(of, listed[0], key, now, OWN_LIFE, names, ExtendedKeyUsageOID.SERVER_AUTH)


def revocations(
    of: Root, revoked: Mapping[int, datetime], number: int, last_update: datetime, now: datetime
) -> x509.CertificateRevocationList:
    """List the serial numbers that count no more."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(of.certificate.subject)
    builder = builder.last_update(last_update).next_update(now + LIST_LIFE)
    builder = builder.add_extension(_signed_by(of), critical=False)
    builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    for serial, when in sorted(revoked.items()):
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(of.key, SHA256())


def request(name: str, key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a signing request for a key (PKCS #10, PEM)."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


def requested_key(pem: bytes, name: str) -> ec.EllipticCurvePublicKey:
    """Return the key that a request asks a certificate for. Nothing else of the request counts.

    Raises ``BadRequest`` for what is no request, is not signed with its own key, bears another name, or another curve.
    """
    try:
        asked = x509.load_pem_x509_csr(pem)
        signed = asked.is_signature_valid
        key = asked.public_key()
        names = [str(part.value) for part in asked.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    except (ValueError, UnsupportedAlgorithm, InvalidSignature) as error:
        raise BadRequest(f"that is no signing request (PKCS #10 in PEM): {error}") from error
    if not signed:
        raise BadRequest("the request is not signed with the key it asks for: make it anew on the device")
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != ec.SECP256R1.name:
        raise BadRequest("the request's key is not on P-256: make one with `openssl ecparam -name prime256v1 -genkey`")
    if names not in ([], [name]):
        raise BadRequest(f"the request is for {', '.join(names)}, not for {name}: make one with CN={name}")
    return key


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a key as PKCS #8 in PEM, in the open: whoever keeps it encrypts it."""
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption())


def pem(made: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    """Return it in PEM."""
    return made.public_bytes(serialization.Encoding.PEM)


def _end(
    of: Root,
    name: str,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    life: timedelta,
    names: list[x509.GeneralName] | list[x509.DNSName],
    purpose: x509.ObjectIdentifier,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    until = min(now + life, of.certificate.not_valid_after_utc)
    builder = _begun(subject, of.certificate.subject, key, now, until)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(_END_USAGE), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    builder = builder.add_extension(_signed_by(of), critical=False)
    return builder.sign(of.key, SHA256())


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return builder.serial_number(x509.random_serial_number()).not_valid_before(now - SLACK).not_valid_after(until)


def _usage(wanted: frozenset[str]) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage in wanted for usage in _USAGES})


def _signed_by(of: Root) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(of.key.public_key())


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
