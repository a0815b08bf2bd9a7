"""What is shown at a reader, turned into what may stand in the log: no card number, no PIN goes any further."""

from __future__ import annotations

import secrets as chance
from collections.abc import Mapping, Sequence

from controller.domain.decision import LOTS
from controller.domain.ids import CredentialId, DeviceId, ReaderId
from controller.domain.people import PERSONAL_PIN, badge_number
from controller.domain.site import Site
from controller.domain.stimuli import CardPresented, FaultSeen, PinEntered
from controller.runtime.ports import CardSecrets
from devices.cards import Card, CardFormat, ParityFailure, UnknownFormat, decode

ENTER = "#"
CLEAR = "*"
KEY_SECONDS = 20.0
"""How long a keypad waits for the next key before it forgets those before."""

MAX_PIN = 16
"""More digits than any PIN has: what comes after them is not kept."""


def card_presented(
    secrets: CardSecrets, reader: ReaderId, formats: Sequence[str], bit_count: int, raw: bytes, age: float = 0.0
) -> CardPresented:
    """Decode a card by the formats its reader is set to. What fits none of them keeps its raw bits and no token."""
    draw = chance.randbelow(LOTS)
    read = decode(bit_count, raw, [CardFormat(name) for name in formats])
    match read:
        case Card():
            token = secrets.card_token(read.format, badge_number(read.facility, read.number))
            return CardPresented(reader, token, read.format, bit_count, raw.hex(), age, draw)
        case ParityFailure():
            return CardPresented(reader, None, f"parity failure in {read.format}", bit_count, raw.hex(), age, draw)
        case UnknownFormat():
            return CardPresented(reader, None, "no format fits", bit_count, raw.hex(), age, draw)


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
