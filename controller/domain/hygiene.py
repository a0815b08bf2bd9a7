"""How well a reader's wire is kept: a score from 0 to 100 and what it lost its points for; pure.

The weights are ours. They say what a technician should mend first: a wire in the clear, a key that others may know, an
attack, a key that grew old, a channel that does not hold, a line that garbles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from controller.domain.events import Violation
from controller.domain.ids import DeviceId

FULL = 100


class Flaw(StrEnum):
    """Why a reader lost points."""

    CHANNEL_OFF = "channel_off"
    DEFAULT_KEY = "default_key"
    KEY_EXPOSED = "key_exposed"
    KEY_AGE_UNKNOWN = "key_age_unknown"
    KEY_OLD = "key_old"
    CHANNEL_UNSTEADY = "channel_unsteady"
    LINE_ERRORS = "line_errors"
    DOWNGRADE_TRIED = "downgrade_tried"
    ATTACKED = "attacked"


WEIGHTS: Mapping[Flaw, int] = {
    Flaw.CHANNEL_OFF: 60,
    Flaw.DEFAULT_KEY: 50,
    Flaw.KEY_EXPOSED: 40,
    Flaw.DOWNGRADE_TRIED: 20,
    Flaw.ATTACKED: 20,
    Flaw.CHANNEL_UNSTEADY: 20,
    Flaw.KEY_OLD: 10,
    Flaw.KEY_AGE_UNKNOWN: 10,
    Flaw.LINE_ERRORS: 10,
}
"""Points that a flaw costs at most. One that comes in degrees (unsteady, errors) costs its share."""

KEY_LIFE = timedelta(days=365)
"""After this a key is old: the habit of the field is to change keys every year."""
STEADY = 0.99
"""The share of the time that a channel should be up; at `UNSTEADY` all of the points are gone."""
UNSTEADY = 0.80
CLEAN = 0.01
"""The share of polls that a good line may leave unanswered; at `GARBLED` all of the points are gone."""
GARBLED = 0.20

DOWNGRADES = frozenset({Violation.CAPABILITY_DOWNGRADE, Violation.INSTALL_MODE, Violation.PLAINTEXT_REPLY})
ATTACKS = frozenset(
    {
        Violation.BAD_MAC,
        Violation.WRONG_KEY,
        Violation.SECOND_PANEL,
        Violation.LOCKED_OUT,
        Violation.FOREIGN_COMMAND,
    }
)


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What is known of a key: when it was set (aware; None: by hand, nobody knows), and whether others could listen.

    ``nameplate``: of the device that a technician last put a key into there; empty where nobody knows.
    """

    made: datetime | None = None
    exposed: bool = False
    nameplate: str = ""


@dataclass(frozen=True, slots=True)
class WireFacts:
    """What was seen of one reader's wire since the box started (or the site was last rewired).

    ``seconds`` it was watched for, ``secured_seconds`` of them with its channel up; ``polls`` of which ``unanswered``
    brought nothing usable; ``key`` is None where the channel is off.
    """

    device: DeviceId
    key: KeyFacts | None
    seconds: float = 0.0
    secured_seconds: float = 0.0
    polls: int = 0
    unanswered: int = 0
    violations: Mapping[Violation, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BrokerFacts:
    """What was seen of the link to the MQTT broker since the box started (or the site was last rewired).

    ``seconds``: for how long it has been up, or down. ``losses``: how often it went down; ``why``, the last time, in
    the words of whoever noticed. ``ready`` of its ``devices`` say that they are there.
    """

    up: bool
    seconds: float
    losses: int
    why: str
    devices: int
    ready: int


@dataclass(frozen=True, slots=True)
class Hygiene:
    """A score, and the points that each flaw cost; what is left is never below 0."""

    score: int
    lost: tuple[tuple[Flaw, int], ...]


def hygiene(facts: WireFacts, now: datetime) -> Hygiene:
    """Score one reader's wire at wall time ``now`` (aware)."""
    lost = tuple((flaw, points) for flaw, share in _flaws(facts, now) if (points := round(WEIGHTS[flaw] * share)))
    return Hygiene(max(0, FULL - sum(points for _, points in lost)), lost)


def _flaws(facts: WireFacts, now: datetime) -> Iterator[tuple[Flaw, float]]:
    if facts.key is None:
        yield Flaw.CHANNEL_OFF, 1.0
    else:
        yield from _of_key(facts.key, now)
        if facts.seconds > 0:
            up = facts.secured_seconds / facts.seconds
            yield Flaw.CHANNEL_UNSTEADY, _degree(STEADY - up, STEADY - UNSTEADY)
    if facts.polls:
        yield Flaw.LINE_ERRORS, _degree(facts.unanswered / facts.polls - CLEAN, GARBLED - CLEAN)
    seen = {violation for violation, times in facts.violations.items() if times}
    yield Flaw.DEFAULT_KEY, float(Violation.DEFAULT_KEY in seen)
    yield Flaw.DOWNGRADE_TRIED, float(bool(seen & DOWNGRADES))
    yield Flaw.ATTACKED, float(bool(seen & ATTACKS))


def _of_key(key: KeyFacts, now: datetime) -> Iterator[tuple[Flaw, float]]:
    yield Flaw.KEY_EXPOSED, float(key.exposed)
    if key.made is None:
        yield Flaw.KEY_AGE_UNKNOWN, 1.0
    else:
        yield Flaw.KEY_OLD, float(now - key.made >= KEY_LIFE)


def _degree(above: float, whole: float) -> float:
    """How much of a span is used up, 0 to 1."""
    return min(1.0, max(0.0, above / whole))
