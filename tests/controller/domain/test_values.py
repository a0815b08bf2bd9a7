"""The values themselves: what cannot exist, what waits for the log, and the order in which a guard works."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from controller.domain.alarms import PRIORITY, Alarm, AlarmKind, Priority, Source, in_order
from controller.domain.decision import Challenge, Deny
from controller.domain.effects import (
    AskFace,
    Effect,
    FireRelease,
    Hold,
    HoldUnlocked,
    Light,
    MoveHead,
    Release,
    Relock,
    SetOutput,
    Signal,
    StopFace,
    Unlock,
    waits_for_log,
)
from controller.domain.events import KIND_OF, KINDS, Event
from controller.domain.heads import StopCamera
from controller.domain.ids import AlarmId, CameraId, CardholderId, DoorId, OperatorId, OutputId, ReaderId, RequestId
from controller.domain.instant import Instant

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DOOR, READER, REQUEST = DoorId("d"), ReaderId("r"), RequestId("r1")
CLASSES: list[tuple[Effect, bool]] = [
    (Unlock(DOOR, REQUEST, 5.0, 10.0), True),
    (Release(DOOR, 5.0), False),
    (Relock(DOOR), False),
    (Hold(DOOR), False),
    (HoldUnlocked(DOOR), True),
    (FireRelease(DOOR), False),
    (SetOutput(OutputId("siren"), on=True), False),
    (AskFace(REQUEST, CameraId("c"), CardholderId("p"), 10.0), False),
    (StopFace(REQUEST), False),
    (MoveHead(StopCamera(CameraId("c")), 10.0), False),
    *((Signal(READER, light), light is Light.GRANTED) for light in Light),
]


@pytest.mark.parametrize(("effect", "waits"), CLASSES)
def test_only_an_ingress_unlock_and_its_green_light_wait_for_the_log(effect: Effect, waits: bool) -> None:
    assert waits_for_log(effect) is waits


def test_every_effect_has_its_class() -> None:
    assert {type(effect) for effect, _ in CLASSES} == set(get_args(Effect))


def test_a_denial_says_why_and_a_challenge_asks_for_something() -> None:
    with pytest.raises(ValueError, match="why"):
        Deny((), ())
    with pytest.raises(ValueError, match="ask"):
        Challenge(frozenset(), ())


def test_an_instant_knows_its_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Instant(NOON.replace(tzinfo=None), 1.0)


def test_every_alarm_has_a_priority() -> None:
    assert set(PRIORITY) == set(AlarmKind)


def test_every_event_has_a_word_of_its_own() -> None:
    assert len(KINDS) == len(get_args(Event)) == len(KIND_OF)
    assert all(KIND_OF[kind] == word for word, kind in KINDS.items())
    assert {"access_granted", "no_entry_after_grant", "held_open_timer_restarted"} <= set(KINDS)


def alarm(number: int, priority: Priority, minutes: int, *, seen: bool = False) -> Alarm:
    when = NOON + timedelta(minutes=minutes)
    by = OperatorId("gil") if seen else None
    return Alarm(AlarmId(f"a{number}"), AlarmKind.FAULT, priority, Source(), "", when, True, by)


def test_a_guard_works_unseen_then_urgent_then_oldest_first() -> None:
    first = alarm(3, Priority.HIGH, 2)
    second = alarm(4, Priority.HIGH, 3)
    third = alarm(2, Priority.LOW, 1)
    same_moment = alarm(10, Priority.LOW, 1)
    seen = alarm(1, Priority.HIGH, 0, seen=True)
    assert in_order([seen, same_moment, third, second, first]) == [first, second, third, same_moment, seen]
