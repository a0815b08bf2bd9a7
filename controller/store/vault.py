"""Who the pseudonyms are: sealed values of the log, opened with the subjects' keys."""

from __future__ import annotations

import secrets

import orjson

from controller.domain.events import CardholderRecorded, DoorUnlockOrdered, FaceTemplateRecorded, Recorded
from controller.domain.ids import CardholderId
from controller.runtime.ports import FaceTemplate, Identity
from controller.store.keystore import Keystore, SealBroken

IDENTITY = "identity"
TEMPLATE = "face template"
GUEST_BYTES = 6


class Vault:
    """Keeps the newest sealed values by subject, as the log tells them, and opens them when asked."""

    def __init__(self, keystore: Keystore) -> None:
        self._keystore = keystore
        self._identities: dict[CardholderId, str] = {}
        self._templates: dict[CardholderId, FaceTemplateRecorded] = {}

    def learn(self, record: Recorded) -> None:
        """Take a record in; anything but a sealed value is passed over."""
        match record.event:
            case CardholderRecorded(cardholder=cardholder, identity=sealed):
                self._identities[cardholder.id] = sealed
            case DoorUnlockOrdered(whom=whom, identity=sealed) if sealed:
                self._identities[CardholderId(whom)] = sealed
            case FaceTemplateRecorded(cardholder=subject):
                self._templates[subject] = record.event
            case _:
                pass

    def identity(self, cardholder: CardholderId) -> Identity | None:
        """Return who this is; None for nobody known, or erased."""
        sealed = self._identities.get(cardholder)
        if sealed is None:
            return None
        try:
            return Identity(**orjson.loads(self._keystore.open(cardholder, IDENTITY, sealed)))
        except SealBroken:
            return None

    def template(self, cardholder: CardholderId) -> FaceTemplate | None:
        """Return this person's face template; None where there is none."""
        event = self._templates.get(cardholder)
        if event is None:
            return None
        try:
            vector = self._keystore.open(cardholder, TEMPLATE, event.template)
        except SealBroken:
            return None
        return FaceTemplate(event.engine, event.mode, vector)

    def seal_guest(self, name: str) -> tuple[CardholderId, str]:
        """Return a pseudonym for somebody let through once, and who it is, sealed. Slow: call it in a thread."""
        guest = CardholderId(f"g-{secrets.token_hex(GUEST_BYTES)}")
        return guest, self.seal_identity(guest, Identity(name))

    def seal_identity(self, cardholder: CardholderId, identity: Identity) -> str:
        """Return an identity, sealed for the log."""
        return self._keystore.seal(cardholder, IDENTITY, orjson.dumps({"name": identity.name}))

    def seal_template(self, cardholder: CardholderId, vector: bytes) -> str:
        """Return a template, sealed for the log."""
        return self._keystore.seal(cardholder, TEMPLATE, vector)
