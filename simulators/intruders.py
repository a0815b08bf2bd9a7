"""Whoever has cut the wires behind a reader and sits between: what Bishop Fox's "Badge of Shame" does, and more.

An intruder hears every command, and decides what the panel hears instead of a reader's reply. The second panel gives
orders of its own. None of them has a key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import urandom
from typing import Protocol

from devices.osdp import commands as cmd
from devices.osdp import replies as rep
from devices.osdp import secure_channel as sc
from devices.osdp.frame import Frame, FrameParser, SecurityBlock
from simulators.badges import Badge
from simulators.osdp_device import Wiring
from simulators.reader import Reader

WIEGAND = 1
ORDERS_EVERY = 0.4
FORGE_EVERY = 3.0


class Intruder(Protocol):
    """Somebody on the wire. Only ever called in the bus's thread."""

    def between(self, sent: bytes, replies: list[bytes], now: float) -> list[bytes]:
        """Return what the panel hears instead of these replies to what it sent."""

    def get_timer(self) -> float:
        """When `handle_timer` next has something to do."""

    def handle_timer(self, now: float) -> list[bytes]:
        """Return the orders to put on the line now, for readers and panel to hear."""


class _Between:
    """Sits before one address, and lets everything else pass."""

    def __init__(self, address: int, card: Badge) -> None:
        self._address = address
        self._card = rep.RawCard(0, WIEGAND, card.bit_count, card.raw)

    def between(self, sent: bytes, replies: list[bytes], now: float) -> list[bytes]:
        asked = next((frame for frame in FrameParser().feed(sent) if frame.address == self._address), None)
        return replies if asked is None else self._instead(asked, replies, now)

    def get_timer(self) -> float:
        return float("inf")

    def handle_timer(self, now: float) -> list[bytes]:
        del now
        return []

    def _instead(self, asked: Frame, replies: list[bytes], now: float) -> list[bytes]:
        del asked, now
        return replies

    def _say(self, asked: Frame, reply: rep.Reply, block: SecurityBlock | None = None, mac: bytes = b"") -> list[bytes]:
        said = Frame(self._address, asked.sequence, reply.code, reply.payload(), reply=True, security=block, mac=mac)
        return [said.encode()]


class _Forger(_Between):
    """Says a card in place of what the reader answers to a poll inside the channel; now and then, or always."""

    def __init__(self, address: int, card: Badge, block: int | None, *, mac: bool, every: float) -> None:
        super().__init__(address, card)
        self._block, self._mac, self._every, self._next = block, mac, every, 0.0

    def _instead(self, asked: Frame, replies: list[bytes], now: float) -> list[bytes]:
        if not _sealed(asked) or now < self._next:
            return replies
        self._next = now + self._every
        block = SecurityBlock(self._block) if self._block else None
        return self._say(asked, self._card, block, urandom(4) if self._mac else b"")


class _Replayer(_Between):
    """Records what the reader says inside the channel, a card perhaps, and says it again, all the time."""

    def __init__(self, address: int, card: Badge) -> None:
        super().__init__(address, card)
        self._recorded: dict[int, bytes] = {}

    def _instead(self, asked: Frame, replies: list[bytes], now: float) -> list[bytes]:
        del now
        again = self._recorded.get(asked.sequence) if _sealed(asked) else None
        for reply in replies:
            frame = FrameParser().feed(reply)[0]
            if frame.security is not None and frame.security.kind == sc.SCS_18:
                self._recorded.setdefault(frame.sequence, reply)
        return replies if again is None else [again]


class _Downgrader(_Between):
    """Makes the panel begin anew, and has the reader say that it knows no secure channel."""

    def _instead(self, asked: Frame, replies: list[bytes], now: float) -> list[bytes]:
        del now
        if _sealed(asked):
            return self._say(asked, rep.Nak(rep.NAK_SECURITY_REQUIRED))
        if asked.code != cmd.CapabilitiesRequest.code:
            return replies
        poorer = rep.Capabilities((rep.Capability(rep.CAP_CARD_FORMAT, 1, 1), rep.Capability(rep.CAP_SECURITY, 0, 0)))
        return self._say(asked, poorer)


class _Impostor(_Between):
    """A reader of the intruder's own in place of the true one, which is not heard any more."""

    def __init__(self, address: int, card: Badge, key: bytes | None, *, install_mode: bool = False) -> None:
        super().__init__(address, card)
        self._own = Reader(Wiring(address, key, install_mode=install_mode), random_bytes=urandom)

    def _instead(self, asked: Frame, replies: list[bytes], now: float) -> list[bytes]:
        del replies
        if _sealed(asked):
            return self._say(asked, rep.Nak(rep.NAK_SECURITY_REQUIRED))
        if not self._own.pending:
            self._own.present_card(self._card.bit_count, self._card.raw)
        return self._own.receive(asked.encode(), now)


class _SecondPanel(_Between):
    """Gives orders of its own to every address near: begins a session with the public key, switches a relay on."""

    def __init__(self, address: int, card: Badge) -> None:
        super().__init__(address, card)
        self._next = 0.0

    def get_timer(self) -> float:
        return self._next

    def handle_timer(self, now: float) -> list[bytes]:
        self._next = now + ORDERS_EVERY
        relay = cmd.Output((cmd.OutputRecord(0, cmd.OutputControl.ON, 0),))
        challenge = cmd.Challenge(urandom(sc.RANDOM_LENGTH))
        public = SecurityBlock(sc.SCS_11, b"\x00")
        orders = [Frame(self._address, 0, challenge.code, challenge.payload(), security=public).encode()]
        return orders + [Frame(each, 0, relay.code, relay.payload()).encode() for each in range(4)]


def _sealed(frame: Frame) -> bool:
    return frame.security is not None and frame.security.has_mac


INTRUDERS: Mapping[str, Callable[[int, Badge], Intruder]] = {
    "plaintext": lambda at, card: _Forger(at, card, None, mac=False, every=FORGE_EVERY),
    "no_mac": lambda at, card: _Forger(at, card, sc.SCS_14, mac=False, every=FORGE_EVERY),
    "forge_mac": lambda at, card: _Forger(at, card, sc.SCS_18, mac=True, every=FORGE_EVERY),
    "guess_mac": lambda at, card: _Forger(at, card, sc.SCS_18, mac=True, every=0.0),
    "replay": _Replayer,
    "downgrade": _Downgrader,
    "install_mode": lambda at, card: _Impostor(at, card, None, install_mode=True),
    "default_key": lambda at, card: _Impostor(at, card, sc.DEFAULT_KEY),
    "wrong_key": lambda at, card: _Impostor(at, card, urandom(16)),
    "second_panel": _SecondPanel,
}
"""What an intruder does, by the name that a hand calls it; made for an address and a badge that would open the door."""
