"""One command and its answer: what a retry needs of it, how long to wait before one, what a report leaves open."""

import math
from collections import deque
from dataclasses import dataclass

from devices.osdp.command_queue import Ticket
from devices.osdp.frame import Frame
from devices.osdp.replies import NAK_CHECK, NAK_LENGTH, Reply

LATE_BY_AT_MOST = 2.0
"""Seconds after which nobody waits for a late double any more: what comes then was kept by somebody."""
_DOUBLES_EXPECTED = 8
HANDSHAKE_WITHIN = 1.0
"""Seconds of silence within one step of the bring-up after which it begins anew."""

CONFIRM_WITHIN = 1.0
"""Seconds an event may stay unconfirmed before the peripheral is polled all the same."""
FADE = 0.95
"""By which the longest round trip known is forgotten at each reply."""
LONGEST_REST = 2.0
"""Seconds for which a slow peripheral is at most left alone, so that the others have the line."""
LONGEST_SILENCE = 1.0
"""Seconds for which one that gives no answer is at most left alone, so that it is found again soon."""
_COSTS = 3
LIVELY = 5.0
"""Seconds for which a peripheral is polled briskly after anything has happened at it."""
_TOO_SOON = 1 / 20
"""Of a round: whoever is polled so shortly before one begins is left out of it."""
RETRY_NAKS = (NAK_CHECK, NAK_LENGTH)

PROBE_PAUSE = 0.8
HANDSHAKE_PAUSE = 0.1
DAMAGED_PAUSE = 0.005
BUSY_PAUSE = 0.1
RESTART_PAUSE = 0.25

QUICK_RETRIES = 2
"""Misses in a row for which it is asked again at once, whatever the others want: a card may be waiting."""

_RETRY_PAUSES = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)


@dataclass(slots=True)
class Exchange:
    """The one command that is under way with a peripheral, kept byte for byte so that a retry is the same frame."""

    wire: bytes
    sequence: int
    ticket: Ticket | None
    first_sent: float
    retry_at: float
    attempts: int = 0
    on_line: bool = False


@dataclass(frozen=True, slots=True)
class Delivered:
    """A report already told, of whose acknowledgement the peripheral may not know before `until`."""

    reply: Reply
    until: float


class LateDoubles:
    """Answers that may still come although their exchange is over: one for each time its command was sent again.

    A sequence number comes round every third exchange. An answer that a slow converter held back meets one of its own
    number then, and its MAC no longer fits: but it is the accepted one to the byte, which no guess and no other frame
    is. Each is expected once.
    """

    def __init__(self) -> None:
        self._expected: deque[tuple[Frame, float]] = deque(maxlen=_DOUBLES_EXPECTED)

    def expect(self, answer: Frame, attempts: int, now: float) -> None:
        """Note at `now` that this answer was accepted, to a command that was sent so often."""
        self._expected.extend([(answer, now + LATE_BY_AT_MOST)] * (attempts - 1))

    def take(self, frame: Frame, now: float) -> bool:
        """Tell whether this frame is one that was expected, which then is expected once less."""
        for each in self._expected:
            if each[0] == frame and now < each[1]:
                self._expected.remove(each)
                return True
        return False


@dataclass(slots=True)
class Pace:
    """How often one peripheral is polled: every `brisk` seconds while it is lively, else once in each `resting`.

    These rounds are counted since `began`, and all peripherals of a line rest in the same: so their polls follow each
    other without a pause, at the end of which the box would have to be woken.
    """

    brisk: float
    resting: float
    began: float = 0.0
    lively_until: float = -math.inf
    rested_at: float = -math.inf
    _costs: tuple[float, ...] = ()

    def stir(self, now: float) -> None:
        """Something happened at it."""
        self.lively_until = now + LIVELY

    def after(self, now: float) -> float:
        """When it is polled again, having been polled now."""
        if now < self.lively_until:
            return now + self.brisk
        rounds = math.floor((now - self.began) / self.resting + _TOO_SOON) + 1
        return self.began + rounds * self.resting

    def took(self, sent: float, seconds: float, sharers: int) -> None:
        """An exchange kept the line for so long. Of a line that so many share, it then leaves the others their part.

        That is half of its own: a line has time left, and nobody makes up for a poll that came late. One slow exchange
        may be a busy box's own; what was slow three times in a row is slow.
        """
        self._costs = (*self._costs[1 - _COSTS :], seconds)
        if len(self._costs) == _COSTS:
            rested = max(self.rested_at, sent) + min(self._costs) * sharers * 2
            self.rested_at = min(rested, sent + seconds + LONGEST_REST)


def retry_pause(misses: int) -> float:
    """Seconds before an online peripheral is asked again, after so many misses in a row (at least one)."""
    return _RETRY_PAUSES[min(misses, len(_RETRY_PAUSES)) - 1]
