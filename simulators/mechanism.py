"""The mechanics of one door as a pure value: leaf, bolt, supply, REX button. Times are monotonic seconds."""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Parts:
    """How a door is built.

    `fail_safe`: current locks (a magnet), so that a power cut frees the door; else current releases (a strike).
    `opening`, `closing`: seconds the leaf takes to leave and to reach its contact. `closer`: seconds after which a door
    closer shuts an open leaf that is not propped; None where there is none. `rex_press`: seconds a REX press lasts.
    `motor`: the leaf is an arm that a motor moves, and its bolt is its end position.
    """

    fail_safe: bool = False
    opening: float = 0.1
    closing: float = 0.3
    closer: float | None = None
    rex_press: float = 0.3
    motor: bool = False


@dataclass(frozen=True, slots=True)
class Mechanism:
    """A door at one moment. Every verb returns the door after it; `advance` moves what moves by itself."""

    parts: Parts = field(default_factory=Parts)
    powered: bool = True
    energised: bool = False
    jammed: bool = False
    bolt_locked: bool = True
    leaf_open: bool = False
    propped: bool = False
    leaf_arrives: float | None = None
    closer_starts: float | None = None
    rex_ends: float | None = None

    @property
    def rex_active(self) -> bool:
        """Whether the REX button is held down."""
        return self.rex_ends is not None

    @property
    def secured(self) -> bool:
        """What the bolt's own sensor shows: an arm is locked once it is down."""
        down = not self.leaf_open and self.leaf_arrives is None
        return self.bolt_locked and (down or not self.parts.motor)

    @property
    def due(self) -> float | None:
        """When something next moves by itself."""
        return min((t for t in (self.leaf_arrives, self.closer_starts, self.rex_ends) if t is not None), default=None)

    def advance(self, now: float) -> "Mechanism":
        """Let the one thing happen that is due first, if it is due by `now`."""
        match self.due:
            case None:
                return self
            case due if due > now:
                return self
            case due if due == self.leaf_arrives:
                return self._arrived(due)
            case due if due == self.closer_starts:
                return replace(self, closer_starts=None, leaf_arrives=due + self.parts.closing)
            case _:
                return replace(self, rex_ends=None)

    def energise(self, *, on: bool) -> "Mechanism":
        """Switch the current through the lock on or off."""
        return _bolt_follows(replace(self, energised=on))

    def supply(self, *, on: bool) -> "Mechanism":
        """Cut or restore the lock's supply."""
        return _bolt_follows(replace(self, powered=on))

    def jam(self, *, stuck: bool) -> "Mechanism":
        """Make the bolt stick where it is, or free it."""
        return _bolt_follows(replace(self, jammed=stuck))

    def open(self, now: float) -> "Mechanism":
        """Set the leaf in motion; an open or opening one stays so."""
        if self.leaf_open:
            return replace(self, leaf_arrives=None, closer_starts=self._closer(now))
        return replace(self, leaf_arrives=self.leaf_arrives or now + self.parts.opening)

    def close(self, now: float) -> "Mechanism":
        """Take any wedge away and set the leaf in motion; a closed one stays so."""
        arrives = now + self.parts.closing if self.leaf_open else None
        return replace(self, propped=False, closer_starts=None, leaf_arrives=arrives)

    def prop(self) -> "Mechanism":
        """Wedge the leaf, so that no closer shuts it."""
        return replace(self, propped=True, closer_starts=None)

    def press_rex(self, now: float) -> "Mechanism":
        """Press the REX button."""
        return replace(self, rex_ends=now + self.parts.rex_press)

    def _arrived(self, now: float) -> "Mechanism":
        opened = not self.leaf_open
        return replace(self, leaf_open=opened, leaf_arrives=None, closer_starts=self._closer(now) if opened else None)

    def _closer(self, now: float) -> float | None:
        return None if self.parts.closer is None or self.propped else now + self.parts.closer


def _bolt_follows(door: Mechanism) -> Mechanism:
    current = door.powered and door.energised
    return door if door.jammed else replace(door, bolt_locked=current == door.parts.fail_safe)
