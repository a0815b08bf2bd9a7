"""Who the pseudonyms are, and what operators typed: sealed values of the log, opened with the subjects' keys."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

import orjson

from controller.domain.events import (
    BackupRestored,
    CardholderErased,
    CardholderRecorded,
    DoorUnlockOrdered,
    FaceTemplateRecorded,
    Recorded,
)
from controller.domain.ids import CardholderId
from controller.runtime.ports import FaceTemplate, Identity
from controller.store.boxkey import SealBroken
from controller.store.keystore import Keystore

IDENTITY = "identity"
TEMPLATE = "face template"
TEXT = "text"
GUEST_BYTES = 6
SEALED_TEXT = "sealed:"
DESTROYED = "(destroyed: its time was over)"
"""What is read where a typed text's key is gone."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What the log tells of people: their newest sealed values, who was let through once and when, who is erased."""

    identities: dict[CardholderId, str] = field(default_factory=dict)
    templates: dict[CardholderId, FaceTemplateRecorded] = field(default_factory=dict)
    guests: dict[CardholderId, datetime] = field(default_factory=dict)
    erased: set[CardholderId] = field(default_factory=set)


class Vault:
    """Keeps the newest sealed values by subject, as the log tells them, and opens them when asked."""

    def __init__(self, keystore: Keystore) -> None:
        self._keystore = keystore
        self._known = Sealed()

    def learn(self, record: Recorded) -> None:
        """Take a record in; anything but a sealed value is passed over."""
        match record.event:
            case CardholderRecorded(cardholder=cardholder, identity=sealed):
                self._known.identities[cardholder.id] = sealed
            case DoorUnlockOrdered(whom=whom, identity=sealed) if sealed:
                self._known.identities[CardholderId(whom)] = sealed
                self._known.guests[CardholderId(whom)] = record.at.wall
            case FaceTemplateRecorded(cardholder=subject):
                self._known.templates[subject] = record.event
            case CardholderErased(cardholder=subject):
                self._forget(subject)
            case BackupRestored(erased=subjects):
                for subject in subjects:
                    self._forget(subject)
            case _:
                pass

    def sealed(self) -> Sealed:
        """Return a copy of what is known by now."""
        known = self._known
        return Sealed(dict(known.identities), dict(known.templates), dict(known.guests), set(known.erased))

    def take_up(self, known: Sealed) -> None:
        """Know this much, as if the records it comes from had been learnt."""
        self._known = known

    def identity(self, cardholder: CardholderId) -> Identity | None:
        """Return who this is; None for nobody known, or erased."""
        sealed = self._known.identities.get(cardholder)
        if sealed is None:
            return None
        try:
            return Identity(**orjson.loads(self._keystore.open(cardholder, IDENTITY, sealed)))
        except SealBroken:
            return None

    def template(self, cardholder: CardholderId) -> FaceTemplate | None:
        """Return this person's face template; None where there is none."""
        event = self._known.templates.get(cardholder)
        if event is None:
            return None
        try:
            vector = self._keystore.open(cardholder, TEMPLATE, event.template)
        except SealBroken:
            return None
        return FaceTemplate(event.engine, event.mode, vector)

    def guests(self) -> dict[CardholderId, datetime]:
        """Return who was let through once, by pseudonym, and when."""
        return dict(self._known.guests)

    def erased(self) -> frozenset[CardholderId]:
        """Return everybody the log says is erased."""
        return frozenset(self._known.erased)

    def destroy_erased(self) -> None:
        """Destroy the keys of everybody who is erased, if they are still there. Slow: call it in a thread."""
        self.destroy(self._known.erased)

    def destroy(self, subjects: Iterable[CardholderId]) -> int:
        """Destroy these keys and what is remembered under them; return how many there were. Slow."""
        names = list(subjects)
        for subject in names:
            self._known.identities.pop(subject, None)
            self._known.templates.pop(subject, None)
            self._known.guests.pop(subject, None)
        return self._keystore.forget(names)

    def seal_text(self, kind: str, day: date, text: str) -> str:
        """Return what an operator typed, sealed under the key of its kind and day. Waits for no disk (``keep_new``)."""
        subject = text_subject(kind, day)
        return f"{SEALED_TEXT}{subject}:{self._keystore.seal_at_once(subject, TEXT, text.encode())}"

    def keep_new(self) -> None:
        """Make durable the keys of what was sealed. Slow: call it in a thread."""
        self._keystore.keep_new()

    def text(self, text: str) -> str:
        """Return what an operator typed; as it is, where it was never sealed."""
        if not text.startswith(SEALED_TEXT):
            return text
        subject, _, sealed = text.removeprefix(SEALED_TEXT).rpartition(":")
        try:
            return self._keystore.open(CardholderId(subject), TEXT, sealed).decode()
        except ValueError:  # SealBroken is one; so is what was no base64
            return DESTROYED

    def seal_guest(self, name: str) -> tuple[CardholderId, str]:
        """Return a pseudonym for somebody let through once, and who it is, sealed. Slow: call it in a thread."""
        guest = CardholderId(f"g-{secrets.token_hex(GUEST_BYTES)}")
        return guest, self.seal_identity(guest, Identity(name))

    def seal_identity(self, cardholder: CardholderId, identity: Identity) -> str:
        """Return an identity, sealed for the log."""
        return self._keystore.seal(cardholder, IDENTITY, orjson.dumps({"name": identity.name}))

    def adopt_card(self, token: str, handle: str, subject: CardholderId) -> None:
        """From now on ``handle`` stands for the card that ``token`` stood for, as this person's. Slow."""
        self._keystore.adopt(token, handle, subject)

    def seal_template(self, cardholder: CardholderId, vector: bytes) -> str:
        """Return a template, sealed for the log."""
        return self._keystore.seal(cardholder, TEMPLATE, vector)

    def _forget(self, subject: CardholderId) -> None:
        self._known.erased.add(subject)
        self._known.identities.pop(subject, None)
        self._known.templates.pop(subject, None)


def text_subject(kind: str, day: date) -> CardholderId:
    """Return whose key seals what was typed about this kind of thing on this day (UTC)."""
    return CardholderId(f"text-{kind}-{day.isoformat()}")


def text_day(subject: CardholderId) -> tuple[str, date] | None:
    """Return kind and day of a text key; None for any other subject."""
    prefix, _, rest = subject.partition("-")
    kind, _, day = rest.partition("-")
    if prefix != "text":
        return None
    try:
        return kind, date.fromisoformat(day)
    except ValueError:
        return None
