"""The files Mosquitto reads: configuration, access list, certificates, and what was called back."""

import os
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Final, Protocol

from devices.mqtt import discovery
from devices.mqtt.adapters.kits import Kits
from devices.mqtt.identity import CA, CERTIFICATE, KEY, Identity
from devices.mqtt.topics import CONTROLLER, READ_BY_DEVICE, WRITTEN_BY_DEVICE, Address, DeviceId, prefix

CONFIGURATION: Final = "mosquitto.conf"
ACCESS_LIST: Final = "acl"
REVOKED: Final = "crl.pem"
TRUSTED: Final = "ca.pem"
OWN: Final = "broker.pem"
"""The broker's own certificate and, in the same file so that they never differ, its key."""
PASSWORDS: Final = ("credentials.json", "passwords")
"""What let devices in before they had certificates: removed wherever it is found."""
LOCK: Final = "lock"
UNDELIVERED: Final = "undelivered.db"

NO_KITS: Final = Kits()

MAX_INFLIGHT: Final = 1000
MAX_QUEUED: Final = 10_000
MAX_PACKET: Final = 16_384


class Keep(Protocol):
    """Where secret files are kept."""

    def read(self, name: str) -> bytes | None:
        """Return a file's content; None where there is none."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Keep a content under this name."""
        ...

    def remove(self, name: str) -> None:
        """Let it be gone."""
        ...


class PlainKeep:
    """Keeps them in a folder, for their owner only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        """Return a file's content; None where there is none."""
        path = self._folder / name
        return path.read_bytes() if path.exists() else None

    def write(self, name: str, content: bytes) -> None:
        """Keep a content under this name."""
        write_private(self._folder / name, content)

    def remove(self, name: str) -> None:
        """Let it be gone."""
        (self._folder / name).unlink(missing_ok=True)


def configuration(folder: Path, memory: Path, listen: tuple[str, int], *, as_root: bool) -> str:
    """Return `mosquitto.conf`: TLS 1.3 alone, nobody without a certificate of ours, no other listener.

    What waits is saved in `memory` when the broker ends, and at no other time: an old copy would bring back cards and
    states that have long been told. A user's name is that of its certificate, and its client id is its name, or any
    device could kick another off by taking its id.
    """
    host, port = listen
    lines = [
        f"listener {port} {host}",
        f"cafile {folder / TRUSTED}",
        f"certfile {memory / OWN}",
        f"keyfile {memory / OWN}",
        f"crlfile {folder / REVOKED}",
        "tls_version tlsv1.3",
        "require_certificate true",
        "use_identity_as_username true",
        "use_username_as_clientid true",
        "allow_anonymous false",
        f"acl_file {folder / ACCESS_LIST}",
        "set_tcp_nodelay true",
        f"max_inflight_messages {MAX_INFLIGHT}",
        f"max_queued_messages {MAX_QUEUED}",
        f"max_packet_size {MAX_PACKET}",
        "persistence true",
        f"persistence_location {memory}/",
        f"persistence_file {UNDELIVERED}",
        "autosave_interval 0",
        "connection_messages false",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
    ]
    # Started by root it would become user `mosquitto`, who cannot read this folder, and lose its parent-death signal.
    return "\n".join(["user root", *lines] if as_root else lines) + "\n"


def access_list(site: str, devices: Iterable[DeviceId], kits: Kits = NO_KITS, refused: Container[str] = ()) -> str:
    """Return the access list: a device writes its own side and reads its own commands; the box the reverse.

    Consumer kit writes and reads what its adapter knows, and nothing of ours; nothing at all where it is ``refused``.
    Raises ValueError for a device that bears the box's own name, or is named twice.
    """
    devices = tuple(devices)
    if len({CONTROLLER, *devices, *kits.users}) != len(devices) + len(kits.users) + 1:
        raise ValueError(f"devices: name each once, and none of them {CONTROLLER!r}")
    lines = [f"user {CONTROLLER}"]
    lines += [f"topic read {prefix(site)}/+/{channel}" for channel in WRITTEN_BY_DEVICE]
    lines += [f"topic write {prefix(site)}/+/{channel}" for channel in READ_BY_DEVICE]
    lines += [f"topic readwrite {topic}" for topic in discovery.filters(site)]
    for user in kits.users:
        written, read = kits.rights(user)
        lines += [*(f"topic read {topic}" for topic in written), *(f"topic write {topic}" for topic in read)]
    for device in devices:
        own = Address(site, device)
        lines += ["", f"user {device}"]
        lines += [f"topic write {own.topic(channel)}" for channel in WRITTEN_BY_DEVICE]
        lines += [f"topic read {own.topic(channel)}" for channel in READ_BY_DEVICE]
    for user in (user for user in kits.users if user not in refused):
        written, read = kits.rights(user)
        lines += ["", f"user {user}"]
        lines += [*(f"topic write {topic}" for topic in written), *(f"topic read {topic}" for topic in read)]
    return "\n".join(lines) + "\n"


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)


def write_bundle(folder: Path, who: Identity, ca: bytes) -> None:
    """Write what a client connects with into a folder of its own, for its owner only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, content in ((CA, ca), (CERTIFICATE, who.certificate), (KEY, who.key)):
        write_private(folder / name, content)
