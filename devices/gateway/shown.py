"""What is shown at a reader, turned into what may stand in the log: no card number, no PIN goes any further."""

from __future__ import annotations

import secrets as chance
from collections.abc import Mapping

from controller.domain import cards as own
from controller.domain.decision import LOTS
from controller.domain.ids import CredentialId, DeviceId, ReaderId
from controller.domain.people import PERSONAL_PIN, badge_number
from controller.domain.site import Site
from controller.domain.stimuli import CardPresented, FaultSeen, PinEntered
from controller.runtime.ports import CardSecrets
from devices.cards import (
    BITS_PER_BYTE,
    BUILT_IN,
    Card,
    CardFormat,
    Decoder,
    Fixed,
    Parity,
    ParityFailure,
    Span,
    UnknownFormat,
)

ENTER = "#"
CLEAR = "*"
KEY_SECONDS = 20.0
"""How long a keypad waits for the next key before it forgets those before."""

MAX_PIN = 16
"""More digits than any PIN has: what comes after them is not kept."""


NOTHING_KNOWN = Decoder(())


def decoders(site: Site) -> dict[DeviceId, Decoder]:
    """Return how the cards of each reader head are read."""
    known = {**BUILT_IN, **{name: layout(each) for name, each in site.card_formats.items()}}
    return {head.id: Decoder([known[name] for name in head.formats]) for head in site.devices.values() if head.formats}


def layout(described: own.CardFormat) -> CardFormat:
    """Return a format that the site describes as the decoder takes it."""

    def span(field: own.CardField) -> Span:
        return Span(field.first, field.bits, described.little_endian)

    return CardFormat(
        described.id,
        described.bits,
        span(described.facility) if described.facility else None,
        span(described.number),
        tuple(Parity(parity.bit, parity.over, parity.odd) for parity in described.parity),
        tuple(Fixed(Span(field.first, field.bits), field.value or 0) for field in described.fixed),
    )


def card_presented(
    secrets: CardSecrets, reader: ReaderId, decoder: Decoder, bit_count: int, raw: bytes, age: float = 0.0
) -> CardPresented:
    """Decode a card by the formats its reader is set to. What fits none of them keeps its raw bits and no token."""
    draw = chance.randbelow(LOTS)
    match decoder.decode(bit_count, raw):
        case Card() as card:
            token = secrets.card_token(card.format, badge_number(card.facility, card.number))
            return CardPresented(reader, token, card.format, bit_count, raw.hex(), age, draw, decoder.tried)
        case ParityFailure() as failure:
            bits = ", ".join(map(str, failure.wrong))
            what = f"parity failure in {failure.format} (bit {bits})"
        case UnknownFormat():
            what = "no format fits"
    return CardPresented(reader, None, what, bit_count, raw.hex(), age, draw, decoder.tried)


def formatted_card(reader: ReaderId, characters: bytes) -> CardPresented:
    """Return a card of which its reader told characters instead of bits: none of the formats here reads that."""
    bits = len(characters) * BITS_PER_BYTE
    return CardPresented(reader, None, "formatted by the reader", bits, characters.hex(), 0.0, chance.randbelow(LOTS))


class Keypads:
    """Digits as they come, key by key, until somebody presses enter."""

    def __init__(self, secrets: CardSecrets) -> None:
        self._secrets = secrets
        self._typed: dict[ReaderId, tuple[str, float]] = {}

    def typed(
        self, reader: ReaderId, keys: str, challenged: CredentialId | None, now: float, *, alone: bool
    ) -> PinEntered | None:
        """Take keys in at monotonic ``now``; return the PIN they complete, hashed.

        ``alone``: the reader takes a personal PIN in place of a card. Digits that nobody asked for are forgotten, and
        so are those of somebody who went away.
        """
        typed, since = self._typed.pop(reader, ("", now))
        if now - since > KEY_SECONDS:
            typed = ""
        for key in keys:
            if key == ENTER and typed and (alone or challenged is not None):
                return self._entered(reader, typed, challenged)
            typed = "" if key in (ENTER, CLEAR) else (typed + key)[:MAX_PIN]
        if alone or challenged is not None:
            self._typed[reader] = typed, now
        return None

    def _entered(self, reader: ReaderId, digits: str, challenged: CredentialId | None) -> PinEntered:
        if challenged is not None:
            return PinEntered(reader, self._secrets.pin_proof(challenged, digits))
        token = self._secrets.card_token(PERSONAL_PIN, digits)
        return PinEntered(reader, None, token, chance.randbelow(LOTS))

    def forget(self, reader: ReaderId) -> None:
        """Forget half a PIN: another badge was shown."""
        self._typed.pop(reader, None)


class Wires:
    """The supervised wires of devices, as far as they are cut or shorted."""

    def __init__(self) -> None:
        self._broken: dict[DeviceId, frozenset[str]] = {}

    def seen(self, device: DeviceId, states: Mapping[str, bool]) -> FaultSeen | None:
        """Take in which wires (by name) are broken; return what is new of it. Wires not named are as they were."""
        before = self._broken.get(device)
        intact = {wire for wire, broken in states.items() if not broken}
        now = ((before or frozenset()) - intact) | {wire for wire, broken in states.items() if broken}
        self._broken[device] = now
        if before is not None and bool(before) == bool(now):
            return None
        return FaultSeen(
            device, active=bool(now), detail=", ".join(f"{wire} is cut or shorted" for wire in sorted(now))
        )


def readers_by_device(site: Site) -> dict[DeviceId, ReaderId]:
    """Return which reader each reader head is."""
    return {reader.device: reader.id for reader in site.readers.values()}
