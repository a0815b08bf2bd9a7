"""The readers' base keys (SCBK) in the data folder, and what is known of each: when it was set, how, who could hear.

``osdp-keys.json`` is ``{"DEVICE": "32 hexadecimal digits"}``, written by the wizard or by hand. What is known of the
keys lies beside it; it names the key it speaks of, so that a key changed by hand does not inherit another's good name.
On a sealed box both are encrypted under the box's key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from controller.domain.hygiene import KeyFacts
from controller.domain.ids import DeviceId
from controller.domain.site import DeviceKind, Site
from controller.store.secret_files import SecretFiles

OSDP_KEYS = "osdp-keys.json"
OSDP_KEY_NOTES = "osdp-key-notes.json"
SCBK_BYTES = 16


class MissingKey(ValueError):
    """A reader's key, or a camera's password, is not where it should be."""


class Origin(StrEnum):
    """How a key came into its reader."""

    WIZARD = "wizard"
    OUT_OF_BAND = "out_of_band"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class KeyNote:
    """What is known of one key. ``exposed``: whoever listened on the line when it was set knows it.

    ``made`` is None for a key that was written by hand. ``nameplate``: of the reader that a technician commissioned
    there. ``next``: a key that may already be in the reader, should the wizard have been cut short.
    """

    made: datetime | None = None
    origin: Origin = Origin.UNKNOWN
    exposed: bool = False
    nameplate: str = ""
    next: bytes | None = field(default=None, repr=False)


UNNOTED = KeyNote()


class KeyRing:
    """The keys and notes of one box. Every method touches the disk: for a thread, or a box that starts."""

    def __init__(self, secrets: SecretFiles) -> None:
        self._secrets = secrets

    def keys(self, site: Site) -> dict[DeviceId, bytes]:
        """Return the key of each secured OSDP device. Raises ``MissingKey`` where one is missing or is none."""
        wanted = [d.id for d in site.devices.values() if d.kind is DeviceKind.OSDP and d.secure_channel]
        if not wanted:
            return {}
        path, stored = self._secrets.path(OSDP_KEYS), private_json(self._secrets, OSDP_KEYS)
        keys = {device: _key(stored.get(device)) for device in wanted}
        for device, key in keys.items():
            if key is None:
                raise MissingKey(f"{path}: device {device} needs a key of {2 * SCBK_BYTES} hexadecimal digits")
        return {device: key for device, key in keys.items() if key is not None}

    def key(self, device: DeviceId) -> bytes | None:
        """Return one device's key, if there is one."""
        return _key(self._stored(OSDP_KEYS).get(device))

    def notes(self, keys: Mapping[DeviceId, bytes]) -> dict[DeviceId, KeyNote]:
        """Return what is known of these keys; nothing, for one that was changed by hand."""
        stored = self._stored(OSDP_KEY_NOTES)
        return {device: _note(stored.get(device), key) for device, key in keys.items()}

    def facts(self, keys: Mapping[DeviceId, bytes]) -> dict[DeviceId, KeyFacts]:
        """Return of these keys what their wires' hygiene asks about."""
        return {device: KeyFacts(note.made, note.exposed, note.nameplate) for device, note in self.notes(keys).items()}

    def note_next(self, device: DeviceId, key: bytes) -> None:
        """Remember a key that is about to be set, so that no power cut makes the reader nobody's."""
        notes = self._stored(OSDP_KEY_NOTES)
        before = notes.get(device)
        notes[device] = {**(before if isinstance(before, dict) else {}), "next": key.hex()}
        self._write(OSDP_KEY_NOTES, notes)

    def next(self, device: DeviceId) -> bytes | None:
        """Return the key that the reader may have been given when a wizard was cut short."""
        note = self._stored(OSDP_KEY_NOTES).get(device)
        return _key(note.get("next")) if isinstance(note, dict) else None

    def put(self, device: DeviceId, key: bytes, note: KeyNote) -> None:
        """Keep a key that its reader has proven to hold, and what is known of it."""
        self._write(OSDP_KEYS, self._stored(OSDP_KEYS) | {device: key.hex()})
        made = note.made.isoformat() if note.made else None
        known = {
            "of": _fingerprint(key),
            "made": made,
            "origin": note.origin.value,
            "exposed": note.exposed,
            "nameplate": note.nameplate,
        }
        self._write(OSDP_KEY_NOTES, self._stored(OSDP_KEY_NOTES) | {device: known})

    def _stored(self, name: str) -> dict[str, object]:
        return private_json(self._secrets, name) if self._secrets.exists(name) else {}

    def _write(self, name: str, content: Mapping[str, object]) -> None:
        self._secrets.write(name, json.dumps(content, indent=2).encode())


def osdp_keys(secrets: SecretFiles, site: Site) -> dict[DeviceId, bytes]:
    """Read the base keys of the site's secured OSDP devices (``DIR/osdp-keys.json``). Raises ``MissingKey``."""
    return KeyRing(secrets).keys(site)


def private_json(secrets: SecretFiles, name: str) -> dict[str, object]:
    """Read a secret file that holds one JSON object. Raises ``MissingKey``."""
    path, content = secrets.path(name), secrets.read(name)
    if content is None:
        raise MissingKey(f'{path} is missing; write {{"DEVICE": "32 hexadecimal digits", ...}} into it')
    try:
        stored = json.loads(content)
    except ValueError as error:
        raise MissingKey(f"{path} is no JSON: {error}") from error
    if not isinstance(stored, dict):
        raise MissingKey(f"{path} must hold one JSON object")
    return stored


def hex_key(text: str) -> bytes | None:
    """Return the key that a text of hexadecimal digits stands for; None where it is none."""
    return _key(text.strip())


def _key(text: object) -> bytes | None:
    try:
        key = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        return None
    return key if len(key) == SCBK_BYTES else None


def _note(stored: object, key: bytes) -> KeyNote:
    if not isinstance(stored, dict) or stored.get("of") != _fingerprint(key):
        return UNNOTED
    made = stored.get("made")
    return KeyNote(
        datetime.fromisoformat(made) if isinstance(made, str) else None,
        Origin(stored.get("origin", Origin.UNKNOWN)),
        stored.get("exposed") is not False,
        str(stored.get("nameplate", "")),
        _key(stored.get("next")),
    )


def _fingerprint(key: bytes) -> str:
    return hashlib.sha256(b"ostiary osdp key|" + key).hexdigest()[:16]
