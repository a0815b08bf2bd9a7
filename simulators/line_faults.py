"""How a bad line treats what is sent over it: seeded, so that a failure can be had again."""

import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

_REMEMBERED = 16
"""Replies that may come again."""
_LONGEST_NOISE = 40


@dataclass(frozen=True, slots=True)
class Faults:
    """How bad the line is. Probabilities are 0 to 1.

    loss: a whole transmission vanishes; bit_flip: a byte arrives with one bit wrong, for each byte; duplicate: a reply
    arrives twice; late: a reply begins `late_by` seconds late; fragments: every byte arrives by itself; replay: behind
    a reply comes one of those before it once more; babble: behind a reply comes noise; echo: the adapter hears itself.
    A device on MQTT is never torn into bytes and hears no echo, and loses its connection rather than a message.
    """

    seed: int = 0
    loss: float = 0.0
    bit_flip: float = 0.0
    duplicate: float = 0.0
    late: float = 0.0
    late_by: float = 0.05
    fragments: bool = False
    replay: float = 0.0
    babble: float = 0.0
    echo: bool = False


class LineFaults:
    """The dice that decide when each of the `Faults` strikes."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._dice = random.Random(faults.seed)
        self._said: deque[bytes] = deque(maxlen=_REMEMBERED)

    @property
    def faults(self) -> Faults:
        """What the line is like."""
        return self._faults

    def lost(self) -> bool:
        """Whether this transmission vanishes."""
        return self._dice.random() < self._faults.loss

    def lateness(self) -> float:
        """Seconds by which this reply is late."""
        return self._faults.late_by if self._dice.random() < self._faults.late else 0.0

    def copies(self) -> int:
        """How often this reply arrives."""
        return 0 if self.lost() else 1 + self.doubles()

    def doubles(self) -> int:
        """How often something arrives once more."""
        return int(self._dice.random() < self._faults.duplicate)

    def behind(self, reply: bytes) -> Iterator[bytes]:
        """What comes behind a reply that nobody asked for: an earlier one, noise, or nothing."""
        self._said.append(reply)
        if self._dice.random() < self._faults.replay:
            yield self._dice.choice(self._said)
        if self._dice.random() < self._faults.babble:
            yield self._dice.randbytes(self._dice.randint(1, _LONGEST_NOISE))

    def flip(self, sent: bytes) -> bytes:
        """What arrives, with a bit wrong now and then."""
        if not self._faults.bit_flip:
            return sent
        return bytes(self._flip(byte) for byte in sent)

    def garble(self, sent: bytes) -> bytes:
        """What arrives where two talked at once."""
        return self._dice.randbytes(len(sent))

    def pieces(self, sent: bytes, size: int) -> Iterator[bytes]:
        """The pieces in which it is handed over, at most `size` bytes each."""
        step = 1 if self._faults.fragments else max(1, size)
        return (sent[start : start + step] for start in range(0, len(sent), step))

    def _flip(self, byte: int) -> int:
        if self._dice.random() >= self._faults.bit_flip:
            return byte
        return byte ^ 1 << self._dice.randrange(8)
