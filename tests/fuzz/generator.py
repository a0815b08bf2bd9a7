"""A seeded generator that knows what it damages: true messages, and what noise or malice makes of them.

Half of the damaged frames get a right check again, so that what is wrong is found behind the check, not by it.
"""

import json
import random

from devices.osdp import commands as cmd
from devices.osdp import replies as rep
from devices.osdp.frame import Frame, SecurityBlock, checksum, crc16
from tests.devices.osdp.test_messages import COMMANDS, REPLIES

INTERESTING = (0x00, 0x01, 0x53, 0x7F, 0x80, 0xFF)
MESSAGES = [(message, False) for message, _, _ in COMMANDS] + [(message, True) for message, _, _ in REPLIES]
PLACES = ("$state", "$description", "state/lock", "state/door", "state/tamper", "state/power", "state/key",
          "event/card", "event/key", "event/rex", "event/rotation", "event/input", "ack/7", "cmd/lock", "cmd/reader",
          "cmd/output")  # fmt: skip
WORDS = (
    "ready",
    "lost",
    "LOCKED",
    "UNLOCKED",
    "OPEN",
    "CLOSED",
    "ON",
    "OFF",
    "UNLOCK",
    "LOCK",
    "ok",
    "refused",
    "",
    "\0",
    "é",
)
EVENT = {"boot": "b1", "seq": 1, "ts": 1_795_424_400_000, "bits": 26, "raw": "3181f3c0", "digits": "12#", "version": 1}
COMMAND = {"id": "7", "expires_at": 1_795_424_400_000, "action": "UNLOCK", "ms": 5000, "result": "ok", "model": "x"}
VALUES = (None, True, 0, -1, 2**53, 2**70, 1.5, "", "x" * 300, "ff", "3181f3c0", [], {}, [[]], {"a": {}}, "UNLOCK", "é")


class Generator:
    """Everything it gives follows from its seed."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self._true = [self._frame(message, reply) for message, reply in MESSAGES for _ in range(8)]

    def stream(self) -> bytes:
        """One to three frames, some of them damaged, with noise around them now and then."""
        chance = self.dice.random
        parts = [self.damaged(self._any()) if chance() < 0.8 else self._any() for _ in range(1 + int(chance() * 1.4))]
        if chance() < 0.2:
            parts.insert(0, self.dice.randbytes(int(chance() * 20)))
        return b"".join(parts)

    def pieces(self, sent: bytes) -> list[bytes]:
        """The same bytes as a line hands them over."""
        if self.dice.random() < 0.7:
            return [sent]
        step = 1 + int(self.dice.random() * 12)
        return [sent[start : start + step] for start in range(0, len(sent), step)]

    def card(self) -> tuple[int, bytes]:
        """A bit count and raw bytes that need not belong together."""
        raw = self.dice.randbytes(int(self.dice.random() * 9))
        bits = int(self.dice.random() * 66) if self.dice.random() < 0.3 else len(raw) * 8 - int(self.dice.random() * 8)
        return bits, raw

    def damaged(self, wire: bytes, *, repair: bool | None = None) -> bytes:
        """The bytes with one to three things wrong; `repair`: with a right check again, as one without a key has it."""
        chance, changed = self.dice.random, bytearray(wire)
        for _ in range(1 + int(chance() * 3)):
            place = int(chance() * len(changed)) if chance() < 0.6 else min(len(changed) - 1, int(chance() * 9))
            match int(chance() * 5):
                case 0:
                    changed[place] ^= 1 << int(chance() * 8)
                case 1:
                    changed[place] = INTERESTING[int(chance() * 6)]
                case 2:
                    del changed[place : place + 1 + int(chance() * 4)]
                case 3:
                    changed[place:place] = self.dice.randbytes(1 + int(chance() * 4))
                case _:
                    changed[place] = int(chance() * 256)
            if len(changed) < 6:
                return bytes(changed)
        if repair or (repair is None and chance() < 0.5):
            _repair(changed)
        return bytes(changed)

    def mqtt(self) -> tuple[str, bytes, bool]:
        """Topic, payload, retained."""
        place = self.dice.choice(PLACES)
        site = "ostiary/v1/site" if self.dice.random() < 0.98 else "ostiary/v2/site"
        device = "reader-1" if self.dice.random() < 0.9 else self.dice.choice(("", "x" * 80, "a+b", "#", "é"))
        return f"{site}/{device}/{place}", self._payload(place), self.dice.random() < 0.2

    def _any(self) -> bytes:
        return self._true[int(self.dice.random() * len(self._true))]

    def _frame(self, message: cmd.Command | rep.Reply, reply: bool) -> bytes:
        pick = self.dice.choice
        block = pick((None, None, SecurityBlock(pick(range(0x11, 0x19)), pick((b"", b"\1")))))
        payload = message.payload() if self.dice.random() < 0.6 else self.dice.randbytes(self.dice.randrange(40))
        mac = self.dice.randbytes(4) if block and block.has_mac else b""
        return Frame(
            self.dice.randrange(128), self.dice.randrange(4), message.code, payload, reply=reply, security=block,
            mac=mac, crc=self.dice.random() < 0.8,
        ).encode()  # fmt: skip

    def _payload(self, place: str) -> bytes:
        if self.dice.random() < 0.1:
            return self.dice.randbytes(int(self.dice.random() * 40))
        word = place.startswith("state/") or place == "$state"
        if word != (self.dice.random() < 0.05):
            return self.dice.choice(WORDS).encode()
        fields: dict[str, object] = dict(EVENT if place.startswith(("event/", "$")) else COMMAND)
        for _ in range(int(self.dice.random() * 3)):
            fields[self.dice.choice(list(fields))] = self.dice.choice(VALUES)
        if self.dice.random() < 0.2:
            del fields[self.dice.choice(list(fields))]
        written = bytearray(json.dumps(fields).encode())
        if self.dice.random() < 0.2:
            written[int(self.dice.random() * len(written))] = int(self.dice.random() * 256)
        return bytes(written)


def _repair(changed: bytearray) -> None:
    """Make length and check right again."""
    crc = bool(changed[4] & 0x04)
    changed[2:4] = len(changed).to_bytes(2, "little")
    body = bytes(changed[: -2 if crc else -1])
    changed[len(body) :] = crc16(body).to_bytes(2, "little") if crc else bytes((checksum(body),))
