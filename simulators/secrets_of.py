"""The keys and passwords that a box and its simulated devices share: in the box's data folder, made where missing."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

import cattrs

from controller.domain.site import DeviceKind, Site

OSDP_KEYS = "osdp-keys.json"
CAMERA_KEYS = "cameras.json"
KEY_BYTES = 16
USER = "ostiary"


def read_keys(data: Path) -> dict[str, bytes]:
    """Return the base key of each OSDP device. OSError, ValueError for a file that is not there or no such one."""
    keys = cattrs.structure(_read(data / OSDP_KEYS), dict[str, str])
    return {device: bytes.fromhex(key) for device, key in keys.items()}


def read_logins(data: Path) -> dict[str, tuple[str, str]]:
    """Return user name and password of each camera. OSError, ValueError as `read_keys`."""
    logins = cattrs.structure(_read(data / CAMERA_KEYS), dict[str, dict[str, str]])
    return {camera: (login["username"], login["password"]) for camera, login in logins.items()}


def make_missing(data: Path, site: Site, *, readers: bool = True) -> None:
    """Give every camera and, if `readers`, every secured reader of a site that has none a random password or key."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    secured = [d.id for d in site.devices.values() if d.kind is DeviceKind.OSDP and d.secure_channel]
    if readers:
        _complete(data / OSDP_KEYS, {str(device): secrets.token_hex(KEY_BYTES) for device in secured})
    _make_logins(data, site.cameras)


def camera_logins(data: Path, cameras: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return user name and password of each camera, made where they are missing."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    _make_logins(data, cameras)
    return read_logins(data)


def _make_logins(data: Path, cameras: Iterable[str]) -> None:
    made = {str(c): {"username": USER, "password": secrets.token_urlsafe(KEY_BYTES)} for c in cameras}
    _complete(data / CAMERA_KEYS, made)


def _complete(path: Path, wanted: Mapping[str, object]) -> None:
    known = _read(path) if path.exists() else {}
    if not isinstance(known, dict):
        raise ValueError(f"{path} must hold one JSON object")  # noqa: TRY004 - a file's content, not a caller's slip
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({**wanted, **known}, file, indent=2)


def _read(path: Path) -> object:
    return json.loads(path.read_bytes())
