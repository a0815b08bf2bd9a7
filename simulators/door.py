"""The physical truth of one door, whatever its wire: hands act on it, devices sense it, and its log is the judge.

Every call takes `now` in monotonic seconds (`time.monotonic()`); calls from any thread are safe. Something must call
`advance` some 20 times a second or more, so that the leaf moves: the device that senses the door does.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from simulators.mechanism import Mechanism, Parts


class Sense(StrEnum):
    """What a device can sense of a door; `active` means open, locked, pressed, powered, occupied, turned."""

    CONTACT = "contact"
    BOLT = "bolt"
    REX = "rex"
    POWER = "power"
    BATTERY = "battery"
    LOOP = "loop"
    ROTATION_IN = "rotation_in"
    ROTATION_OUT = "rotation_out"
    KEY = "key_switch"


@dataclass(frozen=True, slots=True)
class Change:
    """One sensor changed at `at`."""

    sense: Sense
    active: bool
    at: float


@dataclass(frozen=True, slots=True)
class Truth:
    """What really happened, as monotonic times, in order; `entries` and `exits` are one for each person."""

    energised_at: tuple[float, ...] = ()
    released_at: tuple[float, ...] = ()
    opened_at: tuple[float, ...] = ()
    closed_at: tuple[float, ...] = ()
    forced_at: tuple[float, ...] = ()
    entries: tuple[float, ...] = ()
    exits: tuple[float, ...] = ()
    crushed_at: tuple[float, ...] = ()


Observer = Callable[[Change], None]


class Door:
    """One door. The verbs of hands return whether the hand had its way."""

    def __init__(self, parts: Parts | None = None) -> None:
        fresh = Mechanism(parts or Parts())
        self._door = fresh.energise(on=fresh.parts.fail_safe)
        self._truth = Truth()
        self._observers: list[Observer] = []
        self._lock = threading.RLock()
        self._key_turned = False
        self._battery_low = False

    @property
    def state(self) -> Mechanism:
        """The door as it was at the last call."""
        return self._door

    @property
    def truth(self) -> Truth:
        """Everything that happened so far."""
        return self._truth

    @property
    def key_turned(self) -> bool:
        """Whether somebody holds the mechanical key turned: the leaf gives way then."""
        return self._key_turned

    @property
    def battery_low(self) -> bool:
        """Whether the lock's battery runs low."""
        return self._battery_low

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call `observer` at each change, in the thread that caused it; it must not block. Returns how to stop it."""
        with self._lock:
            self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def advance(self, now: float) -> Mechanism:
        """Let what moves by itself move until `now`, and return the door."""
        with self._lock:
            while (due := self._door.due) is not None and due <= now:
                self._become(self._door.advance(due), due)
            return self._door

    def energise(self, on: bool, now: float) -> None:  # noqa: FBT001 (the one bit of a relay)
        """Switch the current through the lock: a strike is released by it, a magnet holds by it."""
        with self._lock:
            self._become(self.advance(now).energise(on=on), now)

    def unlock(self, now: float) -> None:
        """Energise a strike or let go a magnet."""
        self.energise(not self._door.parts.fail_safe, now)

    def lock(self, now: float) -> None:
        """Let go a strike or energise a magnet."""
        self.energise(self._door.parts.fail_safe, now)

    def push(self, now: float) -> bool:
        """One person goes in: through the open leaf, or by pushing it open where the bolt lets go."""
        with self._lock:
            return self._go_in(now)

    def leave(self, now: float) -> None:
        """One person goes out by the inner handle, which always opens, pressing REX on the way."""
        with self._lock:
            self._become(self.advance(now).press_rex(now).open(now), now)
            self._truth = replace(self._truth, exits=(*self._truth.exits, now))

    def press_rex(self, now: float) -> None:
        """Press the REX button, and no more."""
        with self._lock:
            self._become(self.advance(now).press_rex(now), now)

    def close(self, now: float) -> None:
        """Close the leaf by hand, taking any wedge away."""
        with self._lock:
            self._become(self.advance(now).close(now), now)

    def prop(self, now: float) -> bool:
        """Go in and wedge the leaf open."""
        with self._lock:
            went_in = self._go_in(now)
            if went_in:
                self._become(self._door.prop(), now)
            return went_in

    def force_open(self, now: float) -> None:
        """Break the leaf open, whatever the bolt says."""
        with self._lock:
            self._become(self.advance(now).open(now), now)
            self._truth = replace(self._truth, forced_at=(*self._truth.forced_at, now))

    def cut_power(self, now: float) -> None:
        """Cut the lock's supply."""
        with self._lock:
            self._become(self.advance(now).supply(on=False), now)

    def restore_power(self, now: float) -> None:
        """Give the lock its supply back."""
        with self._lock:
            self._become(self.advance(now).supply(on=True), now)

    def turn_key(self, now: float) -> None:
        """Turn the mechanical key and hold it."""
        with self._lock:
            self.advance(now)
            self._key_turned = True
            self._tell(Sense.KEY, active=True, now=now)

    def turn_key_back(self, now: float) -> None:
        """Turn the key back and take it out."""
        with self._lock:
            self.advance(now)
            self._key_turned = False
            self._tell(Sense.KEY, active=False, now=now)

    def drain_battery(self, now: float) -> None:
        """Let the lock's battery run low."""
        with self._lock:
            self._battery_low = True
            self._tell(Sense.BATTERY, active=False, now=now)

    def change_battery(self, now: float) -> None:
        """Give the lock a fresh battery."""
        with self._lock:
            self._battery_low = False
            self._tell(Sense.BATTERY, active=True, now=now)

    def jam(self, now: float) -> None:
        """Make the bolt stick where it is."""
        with self._lock:
            self._become(self.advance(now).jam(stuck=True), now)

    def unjam(self, now: float) -> None:
        """Free the bolt: it goes where its current sends it."""
        with self._lock:
            self._become(self.advance(now).jam(stuck=False), now)

    def _go_in(self, now: float) -> bool:
        door = self.advance(now)
        if door.bolt_locked and not door.leaf_open and not self._key_turned:
            return False
        self._truth = replace(self._truth, entries=(*self._truth.entries, now))
        self._become(door.open(now), now)
        return True

    def _become(self, after: Mechanism, now: float) -> None:
        before, self._door = self._door, after
        self._truth = _noted(self._truth, before, after, now)
        for change in _changes(before, after, now):
            self._tell(change.sense, active=change.active, now=now)

    def _tell(self, sense: Sense, *, active: bool, now: float) -> None:
        for observer in tuple(self._observers):
            observer(Change(sense, active, now))


def _noted(truth: Truth, before: Mechanism, after: Mechanism, now: float) -> Truth:
    happened = {
        "energised_at": after.energised and not before.energised,
        "released_at": before.bolt_locked and not after.bolt_locked,
        "opened_at": after.leaf_open and not before.leaf_open,
        "closed_at": before.leaf_open and not after.leaf_open,
    }
    return replace(truth, **{name: (*getattr(truth, name), now) for name, did in happened.items() if did})


def _changes(before: Mechanism, after: Mechanism, now: float) -> tuple[Change, ...]:
    senses = {
        Sense.CONTACT: (before.leaf_open, after.leaf_open),
        Sense.BOLT: (before.secured, after.secured),
        Sense.REX: (before.rex_active, after.rex_active),
        Sense.POWER: (before.powered, after.powered),
    }
    return tuple(Change(sense, is_now, now) for sense, (was, is_now) in senses.items() if was != is_now)
