"""How a bad line treats what is sent over it: seeded, so that a failure can be had again."""

import random
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Faults:
    """How bad the line is. Probabilities are 0 to 1.

    loss: a whole transmission vanishes; bit_flip: a byte arrives with one bit wrong, for each byte; duplicate: a reply
    arrives twice; late: a reply begins `late_by` seconds late; fragments: every byte arrives by itself.
    """

    seed: int = 0
    loss: float = 0.0
    bit_flip: float = 0.0
    duplicate: float = 0.0
    late: float = 0.0
    late_by: float = 0.05
    fragments: bool = False


class LineFaults:
    """The dice that decide when each of the `Faults` strikes."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._dice = random.Random(faults.seed)

    def lost(self) -> bool:
        """Whether this transmission vanishes."""
        return self._dice.random() < self._faults.loss

    def lateness(self) -> float:
        """Seconds by which this reply is late."""
        return self._faults.late_by if self._dice.random() < self._faults.late else 0.0

    def copies(self) -> int:
        """How often this reply arrives."""
        if self.lost():
            return 0
        return 2 if self._dice.random() < self._faults.duplicate else 1

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
