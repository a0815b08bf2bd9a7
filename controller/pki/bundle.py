"""What a device connects with, in a folder: its key (0600), its certificate, and the authority to trust."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from controller.pki import profiles
from controller.pki.authority import Authority, Issued, PkiError
from devices.mqtt.broker_files import write_bundle, write_private
from devices.mqtt.identity import CA, CERTIFICATE, KEY, Identity


def refuse_taken(folder: Path) -> None:
    """Raise ``PkiError`` where a bundle lies already: its key may be in use, and is nowhere else."""
    if (folder / KEY).exists() or (folder / CERTIFICATE).exists():
        raise PkiError(f"{folder} holds a bundle already: move it away, or name another folder with --to")


def request(device: str) -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    """Make a device's key, and the request to sign it."""
    key = profiles.new_key()
    return key, profiles.request(device, key)


def write(folder: Path, key: ec.EllipticCurvePrivateKey, certificate: bytes, ca: bytes) -> None:
    """Write a bundle. Nobody keeps another copy of its key."""
    write_bundle(folder, Identity(certificate, profiles.key_pem(key)), ca)


def write_without_key(folder: Path, certificate: bytes, ca: bytes) -> None:
    """Write what goes back to a device that keeps its own key."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(folder / CERTIFICATE, certificate)
    write_private(folder / CA, ca)


def counts(device: str, folder: Path, authority: Authority) -> bool:
    """Tell whether a folder holds a bundle that lets the device in for a while yet."""
    try:
        certificate = x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes())
        there = (folder / KEY).exists() and (folder / CA).read_bytes() == authority.ca()
    except (OSError, ValueError):
        return False
    now = authority.now()
    return there and any(
        one.serial == certificate.serial_number and one.standing(now).fresh for one in authority.register.of(device)
    )


def equip(authority: Authority, devices: Iterable[str], folder: Path) -> None:
    """Make the bundles that a folder lacks, one folder each of the device's name, for a box that is not started yet."""
    for device in devices:
        if not counts(device, folder / device, authority):
            key, asked = request(device)
            issued: Issued = authority.issue(device, asked, again=bool(authority.register.of(device)))
            write(folder / device, key, issued.certificate, issued.ca)
