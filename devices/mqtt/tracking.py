"""What the box remembers of a device's talk: events seen, commands nobody answered. Pure values."""

from dataclasses import dataclass, replace
from typing import Final

FIRST_SEQ: Final = 1
"""A device numbers its events from here at each boot, all kinds in one row."""
MAX_GAP_KEPT: Final = 256
"""So many lost numbers are still expected late; older ones are given up."""


@dataclass(frozen=True, slots=True)
class New:
    """Not seen before: handle it."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Seen before: do nothing, and acknowledge it no earlier than its original is durable."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Not seen before: handle it, and raise an alarm for the events in `missing`, which the device sent before it."""

    missing: range


Observation = New | Duplicate | Gap


@dataclass(frozen=True, slots=True)
class Sequence:
    """One device's events so far: `boot` None before the first, `last` the highest number, `missing` those not seen.

    Build it from the log at a start, or what is redelivered after a crash counts twice.
    """

    boot: str | None = None
    last: int = 0
    missing: frozenset[int] = frozenset()

    def observe(self, boot: str, seq: int) -> tuple["Sequence", Observation]:
        """Return the tracker after event (`boot`, `seq`), and what that event is.

        The first event ever seen of a device starts the row wherever it stands; a new boot starts it at 1.
        """
        if self.boot is None:
            return Sequence(boot, seq), New()
        if boot != self.boot:
            return _advance(Sequence(boot, FIRST_SEQ - 1), seq)
        if seq in self.missing:
            return replace(self, missing=self.missing - {seq}), New()
        if seq <= self.last:
            return self, Duplicate()
        return _advance(self, seq)


@dataclass(frozen=True, slots=True)
class PendingCommands:
    """Commands sent and not yet answered: (id, deadline), deadlines in monotonic seconds, as the caller counts them."""

    waiting: tuple[tuple[str, float], ...] = ()

    def sent(self, command_id: str, deadline: float) -> "PendingCommands":
        """Remember a command that should be answered before `deadline`."""
        return PendingCommands((*self.waiting, (command_id, deadline)))

    def answered(self, command_id: str) -> tuple["PendingCommands", bool]:
        """Forget a command; False where it was not waited for (answered twice, too late, or never sent)."""
        left = tuple(entry for entry in self.waiting if entry[0] != command_id)
        return PendingCommands(left), len(left) < len(self.waiting)

    def expired(self, now: float) -> tuple["PendingCommands", tuple[str, ...]]:
        """Return what is still waited for at `now`, and the ids that nobody answered in time."""
        late = tuple(command_id for command_id, deadline in self.waiting if deadline <= now)
        return PendingCommands(tuple(entry for entry in self.waiting if entry[1] > now)), late

    def next_deadline(self) -> float | None:
        """Return when `expired` should be asked next, or None."""
        return min((deadline for _, deadline in self.waiting), default=None)


def _advance(sequence: Sequence, seq: int) -> tuple[Sequence, Observation]:
    lost = range(sequence.last + 1, seq)
    kept = frozenset(sorted(sequence.missing | frozenset(lost[-MAX_GAP_KEPT:]))[-MAX_GAP_KEPT:])
    return Sequence(sequence.boot, seq, kept), Gap(lost) if lost else New()
