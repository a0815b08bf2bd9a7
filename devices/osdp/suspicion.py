"""How often a peripheral may break its secure channel before it is left alone for a while; pure.

A MAC on the wire has 32 bits, and each guess costs the session. With `LIMIT` guesses before each lock-out a guesser
needs thousands of years; the lock-out is there so that the guessing is told and ends, and it ends by itself, too.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

LIMIT = 8
"""Violations, none of them forgiven yet, that lead to a lock-out."""
FORGIVEN_AFTER = 60.0
"""Seconds without a violation after which one of those before is forgiven."""
LOCK_OUT = 30.0
LONGEST_LOCK_OUT = 240.0
"""Each further lock-out lasts twice as long, up to this: somebody who can reach the wire can cut it anyway."""
PROBATION = 1.0
"""Seconds for which a peripheral under suspicion must keep its channel before it counts as present again."""
LONGEST_PROBATION = 8.0
FALLS_WITHIN = 60.0
"""Seconds within which falling out of the channel again and again is more than bad luck."""

_FALLS_REMEMBERED = 6
_PAUSES = (0.0, 0.25, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What is held against one peripheral: violations not forgiven, the time of the last, lock-outs among them."""

    violations: int = 0
    last: float = 0.0
    lock_outs: int = 0

    @property
    def locked_out(self) -> bool:
        """Whether the last violation was one too many."""
        return self.violations >= LIMIT

    @property
    def pause(self) -> float:
        """Seconds after the last violation before the peripheral is brought up again."""
        if self.locked_out:
            return min(LOCK_OUT * 2.0 ** (self.lock_outs - 1), LONGEST_LOCK_OUT)
        return _PAUSES[min(self.violations, len(_PAUSES)) - 1] if self.violations else 0.0

    @property
    def on_probation(self) -> bool:
        """Whether it must first be seen to behave before it counts as present: a single slip is not held against it."""
        return self.violations > 1


def violated(before: Suspicion, now: float) -> Suspicion:
    """Hold another violation, at monotonic `now`, against a peripheral."""
    known = forgiven(before, now)
    violations = min(known.violations + 1, LIMIT)
    return Suspicion(violations, now, known.lock_outs + (violations >= LIMIT))


def forgiven(before: Suspicion, now: float) -> Suspicion:
    """What is still held against it at `now`: nothing at all, once every violation is forgiven."""
    quiet = now - before.last - before.pause
    left = before.violations - max(0, int(quiet // FORGIVEN_AFTER))
    return Suspicion(left, before.last, before.lock_outs) if left > 0 else Suspicion()


def probation(held: Suspicion, falls: Iterable[float], now: float) -> float:
    """How long a channel must hold before its peripheral counts as present: 0 but for the suspicious and the unsteady.

    `falls` are the times at which it went offline. Whoever makes it come and go, by commands in our name say, makes it
    stay away instead: that is one alarm, not hundreds.
    """
    recent = sum(now - fall < FALLS_WITHIN for fall in falls)
    if recent > 2:
        return min(PROBATION * 2.0 ** (recent - 3), LONGEST_PROBATION)
    return PROBATION if forgiven(held, now).on_probation else 0.0


class Standing:
    """One peripheral's standing over time."""

    def __init__(self) -> None:
        self._held = Suspicion()
        self._falls: deque[float] = deque(maxlen=_FALLS_REMEMBERED)

    @property
    def locked_out(self) -> bool:
        """Whether the last violation was one too many."""
        return self._held.locked_out

    def violated(self, now: float) -> float:
        """Hold a violation against it; return for how many seconds it is left alone."""
        self._held = violated(self._held, now)
        return self._held.pause

    def fell(self, now: float) -> None:
        """It was present, and is not any more."""
        self._falls.append(now)

    def probation(self, now: float) -> float:
        """For how many seconds it must now keep its channel before it counts as present."""
        return probation(self._held, self._falls, now)
