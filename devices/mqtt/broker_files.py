"""The files Mosquitto reads: configuration, access list, password file; and the credentials its users read."""

import base64
import hashlib
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Protocol

import orjson

from devices.mqtt.topics import CONTROLLER, READ_BY_DEVICE, WRITTEN_BY_DEVICE, Address, DeviceId, prefix

CREDENTIALS: Final = "credentials.json"
CONFIGURATION: Final = "mosquitto.conf"
ACCESS_LIST: Final = "acl"
PASSWORDS: Final = "passwords"
LOCK: Final = "lock"
UNDELIVERED: Final = "undelivered.db"

PASSWORD_BYTES: Final = 24
HASH_ITERATIONS: Final = 101
"""Mosquitto's own default; enough, as these passwords are random, never chosen by people."""
SALT_BYTES: Final = 12

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


def ensure_credentials(keep: Keep, devices: Iterable[DeviceId]) -> dict[str, str]:
    """Return every user's password, the box's own under `controller`; make those that `credentials.json` lacks.

    It is a JSON object from user to password. Those of devices no longer named let nobody in and are kept: a policy
    that is taken back finds its devices as they were.
    Raises ValueError for a device that bears the box's own name.
    """
    users = [CONTROLLER, *devices]
    if len(set(users)) != len(users):
        raise ValueError(f"devices: name each once, and none of them {CONTROLLER!r}")
    kept = keep.read(CREDENTIALS)
    known: Mapping[str, str] = orjson.loads(kept) if kept else {}
    credentials = {user: known.get(user) or secrets.token_urlsafe(PASSWORD_BYTES) for user in users}
    keep.write(CREDENTIALS, orjson.dumps({**known, **credentials}, option=orjson.OPT_INDENT_2))
    return credentials


def configuration(folder: Path, waiting: Path, port: int, *, as_root: bool) -> str:
    """Return `mosquitto.conf`: loopback only, no anonymous user; what waits is saved in `waiting` when it ends.

    It is saved then and at no other time: an old copy would bring back cards and states that have long been told.
    A user's name is its client id, or any device could kick another off by taking its id.
    """
    lines = [
        f"listener {port} 127.0.0.1",
        "allow_anonymous false",
        f"password_file {folder / PASSWORDS}",
        f"acl_file {folder / ACCESS_LIST}",
        "use_username_as_clientid true",
        "set_tcp_nodelay true",
        f"max_inflight_messages {MAX_INFLIGHT}",
        f"max_queued_messages {MAX_QUEUED}",
        f"max_packet_size {MAX_PACKET}",
        "persistence true",
        f"persistence_location {waiting}/",
        f"persistence_file {UNDELIVERED}",
        "autosave_interval 0",
        "connection_messages false",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
    ]
    # Started by root it would become user `mosquitto`, who cannot read this folder, and lose its parent-death signal.
    return "\n".join(["user root", *lines] if as_root else lines) + "\n"


def access_list(site: str, devices: Iterable[DeviceId]) -> str:
    """Return the access list: a device writes its own side and reads its own commands; the box the reverse."""
    lines = [f"user {CONTROLLER}"]
    lines += [f"topic read {prefix(site)}/+/{channel}" for channel in WRITTEN_BY_DEVICE]
    lines += [f"topic write {prefix(site)}/+/{channel}" for channel in READ_BY_DEVICE]
    for device in devices:
        own = Address(site, device)
        lines += ["", f"user {device}"]
        lines += [f"topic write {own.topic(channel)}" for channel in WRITTEN_BY_DEVICE]
        lines += [f"topic read {own.topic(channel)}" for channel in READ_BY_DEVICE]
    return "\n".join(lines) + "\n"


def password_file(credentials: Mapping[str, str]) -> str:
    """Return the credentials as Mosquitto's password file: `user:$7$iterations$salt$hash`, PBKDF2 with SHA-512."""
    return "".join(f"{user}:{_hash(password)}\n" for user, password in credentials.items())


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)


def _hash(password: str) -> str:
    salt = secrets.token_bytes(SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, HASH_ITERATIONS)
    return f"$7${HASH_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
