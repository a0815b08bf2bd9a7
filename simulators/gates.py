"""What stands in an opening and is no leaf: a barrier with a motor and a safety loop, and a turnstile that counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from simulators.door import Door, Sense
from simulators.mechanism import Mechanism, Parts

Way = Literal["in", "out"]
TURNS: dict[Way, Sense] = {"in": Sense.ROTATION_IN, "out": Sense.ROTATION_OUT}


class Barrier(Door):
    """An arm (or a wedge) that a motor moves with its own inertia: up while released, down while not.

    Its bolt is its end position: locked is down. It has no protection of its own: it comes down on whatever stands on
    its loop, and `truth.crushed_at` tells of it.
    """

    def __init__(self, parts: Parts | None = None) -> None:
        super().__init__(replace(parts or Parts(opening=1.0, closing=1.5), motor=True, closer=None))
        self._cars = 0

    @property
    def occupied(self) -> bool:
        """Whether something stands on the loop."""
        return self._cars > 0

    def energise(self, on: bool, now: float) -> None:  # noqa: FBT001 (the one bit of a relay)
        """Switch the motor's relay: the arm goes where its current sends it."""
        with self._lock:
            super().energise(on, now)
            self._drive(now)

    def cut_power(self, now: float) -> None:
        """Cut the supply: a spring or a weight moves the arm to where a lock without current goes."""
        with self._lock:
            super().cut_power(now)
            self._drive(now)

    def restore_power(self, now: float) -> None:
        """Give it its supply back."""
        with self._lock:
            super().restore_power(now)
            self._drive(now)

    def drive_onto_loop(self, now: float) -> bool:
        """Drive up to where the arm comes down; return whether the way is open. One that is shut is stopped at."""
        with self._lock:
            way = self.advance(now).leaf_open
            self._cars += 1
            if way:
                self._truth = replace(self._truth, entries=(*self._truth.entries, now))
            if self._cars == 1:
                self._tell(Sense.LOOP, active=True, now=now)
            return way

    def drive_off_loop(self, now: float) -> None:
        """Drive on, or back."""
        with self._lock:
            self.advance(now)
            self._cars = max(0, self._cars - 1)
            if not self._cars:
                self._tell(Sense.LOOP, active=False, now=now)

    def _drive(self, now: float) -> None:
        released = not self._door.bolt_locked
        self._become(self._door.open(now) if released else self._door.close(now), now)

    def _become(self, after: Mechanism, now: float) -> None:
        came_down = self._door.leaf_open and not after.leaf_open
        super()._become(after, now)
        if came_down and self.occupied:
            self._truth = replace(self._truth, crushed_at=(*self._truth.crushed_at, now))


class Turnstile(Door):
    """A rotor that turns while it is released, and outwards always where `free_exit`; each turn is one person.

    A turn takes `rotation` seconds, and then closes its counter for `PULSE` seconds. It does not lock by itself.
    """

    PULSE = 0.15

    def __init__(self, parts: Parts | None = None, *, rotation: float = 0.4, free_exit: bool = False) -> None:
        super().__init__(parts)
        self._rotation = rotation
        self._free_exit = free_exit
        self._turning: tuple[Way, float] | None = None
        self._pulse: tuple[Way, float] | None = None

    def rotate(self, way: Way, now: float) -> bool:
        """Push the rotor; return whether it turned. One that is still turning takes nobody else."""
        with self._lock:
            locked = self.advance(now).bolt_locked and not self.key_turned
            if self._turning or self._pulse or (locked and not (way == "out" and self._free_exit)):
                return False
            self._turning = way, now + self._rotation
            passed = "entries" if way == "in" else "exits"
            self._truth = replace(self._truth, **{passed: (*getattr(self._truth, passed), now)})
            return True

    def advance(self, now: float) -> Mechanism:
        """Let what moves by itself move until `now`: a turn ends, and so does its counter's pulse."""
        with self._lock:
            if self._turning and self._turning[1] <= now:
                way, at = self._turning
                self._turning, self._pulse = None, (way, at + self.PULSE)
                self._tell(TURNS[way], active=True, now=at)
            if self._pulse and self._pulse[1] <= now:
                way, at = self._pulse
                self._pulse = None
                self._tell(TURNS[way], active=False, now=at)
            return super().advance(now)
