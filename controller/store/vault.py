"""Who the pseudonyms are, and what operators typed: sealed values of the log, opened with the subjects' keys."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import orjson

from controller.domain.events import (
    BackupRestored,
    CardholderErased,
    CardholderRecorded,
    DoorUnlockOrdered,
    FaceConfirmed,
    FaceTemplateRecorded,
    FaceWithdrawn,
    PortraitKept,
    PortraitRemoved,
    Recorded,
)
from controller.domain.ids import CardholderId
from controller.runtime.ports import FaceTemplate, Identity
from controller.store.boxkey import SealBroken
from controller.store.keystore import Keystore

IDENTITY = "identity"
TEMPLATE = "face template"
PORTRAIT = "portrait"
TEXT = "text"
GUEST_BYTES = 6
OWN_KEY_BYTES = 8
SEALED_TEXT = "sealed:"
DESTROYED = "(destroyed: its time was over)"
"""What is read where a typed text's key is gone."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What the log tells of people: their newest sealed values, who was let through once and when, who is erased.

    ``portraits``: the record that holds somebody's, and under which key. ``retired``: the keys of templates and
    portraits that were withdrawn or replaced.
    """

    identities: dict[CardholderId, str] = field(default_factory=dict)
    templates: dict[CardholderId, FaceTemplateRecorded] = field(default_factory=dict)
    guests: dict[CardholderId, datetime] = field(default_factory=dict)
    erased: set[CardholderId] = field(default_factory=set)
    portraits: dict[CardholderId, tuple[int, str]] = field(default_factory=dict)
    retired: set[CardholderId] = field(default_factory=set)


class Vault:
    """Keeps the newest sealed values by subject, as the log tells them, and opens them when asked."""

    def __init__(self, keystore: Keystore) -> None:
        self._keystore = keystore
        self._known = Sealed()

    def learn(self, record: Recorded) -> None:  # noqa: C901 - one flat table
        """Take a record in; anything but a sealed value is passed over."""
        match record.event:
            case CardholderRecorded(cardholder=cardholder, identity=sealed):
                self._known.identities[cardholder.id] = sealed
            case DoorUnlockOrdered(whom=whom, identity=sealed) if sealed:
                self._known.identities[CardholderId(whom)] = sealed
                self._known.guests[CardholderId(whom)] = record.at.wall
            case FaceTemplateRecorded(cardholder=subject):
                self._retire_template(subject)
                self._known.templates[subject] = record.event
            case FaceConfirmed(cardholder=subject) if subject in self._known.templates:
                self._known.templates[subject] = replace(self._known.templates[subject], asleep=False)
            case FaceWithdrawn(cardholder=subject):
                self._retire_template(subject)
                self._retire_portrait(subject)
            case PortraitKept(cardholder=subject, portrait=sealed):
                self._retire_portrait(subject)
                self._known.portraits[subject] = (record.seq, own_key(sealed))
            case PortraitRemoved(cardholder=subject):
                self._retire_portrait(subject)
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
        return Sealed(
            dict(known.identities),
            dict(known.templates),
            dict(known.guests),
            set(known.erased),
            dict(known.portraits),
            set(known.retired),
        )

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
        """Return this person's face template; None where there is none, or it was not confirmed by a second person."""
        event = self._known.templates.get(cardholder)
        return None if event is None or event.asleep else self._template(event)

    def _template(self, event: FaceTemplateRecorded) -> FaceTemplate | None:
        try:
            vector = self._opened(event.cardholder, f"{TEMPLATE} {event.engine}", event.template)
        except SealBroken:
            return None
        return FaceTemplate(event.engine, event.mode, vector)

    def templates(self) -> dict[CardholderId, FaceTemplate]:
        """Return everybody's face template, confirmed or not: nobody is enrolled twice."""
        known = {who: self._template(event) for who, event in list(self._known.templates.items())}
        return {who: template for who, template in known.items() if template is not None}

    def portrait_at(self, cardholder: CardholderId) -> int | None:
        """Return the number of the record that holds somebody's portrait, or None."""
        known = self._known.portraits.get(cardholder)
        return None if known is None else known[0]

    def portrait(self, cardholder: CardholderId, sealed: str) -> bytes | None:
        """Return a portrait (JPEG) as the record holds it, opened; None once one of its keys is gone."""
        try:
            return self._opened(cardholder, PORTRAIT, sealed)
        except SealBroken:
            return None

    def guests(self) -> dict[CardholderId, datetime]:
        """Return who was let through once, by pseudonym, and when."""
        return dict(self._known.guests)

    def erased(self) -> frozenset[CardholderId]:
        """Return everybody the log says is erased, and the keys of faces that were withdrawn or replaced."""
        return frozenset(self._known.erased | self._known.retired)

    def destroy_erased(self) -> None:
        """Destroy the keys of everybody who is erased, if they are still there. Slow: call it in a thread."""
        self.destroy(self._known.erased | self._known.retired)

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

    def seal_template(self, cardholder: CardholderId, engine: str, vector: bytes) -> str:
        """Return an engine's template, sealed for the log. Slow: call it in a thread."""
        return self._sealed(cardholder, "face", f"{TEMPLATE} {engine}", vector)

    def seal_portrait(self, cardholder: CardholderId, jpeg: bytes) -> str:
        """Return a portrait, sealed for the log. Slow: call it in a thread."""
        return self._sealed(cardholder, "portrait", PORTRAIT, jpeg)

    def _sealed(self, cardholder: CardholderId, what: str, field_: str, plain: bytes) -> str:
        """Seal under a key of its own, then under the subject's: it ends with either of them."""
        own = CardholderId(f"{cardholder}.{what}.{secrets.token_hex(OWN_KEY_BYTES)}")
        inner = self._keystore.seal(own, field_, plain)
        return f"{own}:{self._keystore.seal(cardholder, field_, inner.encode())}"

    def _opened(self, cardholder: CardholderId, field_: str, sealed: str) -> bytes:
        own, _, outer = sealed.rpartition(":")
        if not own:  # of an earlier version: under the subject's key alone
            return self._keystore.open(cardholder, TEMPLATE, outer)
        inner = self._keystore.open(cardholder, field_, outer)
        return self._keystore.open(CardholderId(own), field_, inner.decode())

    def _retire_template(self, subject: CardholderId) -> None:
        before = self._known.templates.pop(subject, None)
        if before is not None and (own := own_key(before.template)):
            self._known.retired.add(CardholderId(own))

    def _retire_portrait(self, subject: CardholderId) -> None:
        before = self._known.portraits.pop(subject, None)
        if before is not None:
            self._known.retired.add(CardholderId(before[1]))

    def _forget(self, subject: CardholderId) -> None:
        self._known.erased.add(subject)
        self._known.identities.pop(subject, None)
        self._retire_template(subject)
        self._retire_portrait(subject)


def own_key(sealed: str) -> str:
    """Return the name of the key that a template or portrait has of its own; nothing for one of earlier versions."""
    return sealed.rpartition(":")[0]


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
