"""An evacuation: where people gather, who was counted there, and what is ordered about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

from immutables import Map

from controller.domain.ids import CardholderId, OperatorId, ReaderId, SafePointId


@dataclass(frozen=True, slots=True)
class SafePoint:
    """A place where people gather. Whoever shows a badge at one of its ``readers`` meanwhile is counted there."""

    id: SafePointId
    name: str
    readers: frozenset[ReaderId]


@dataclass(frozen=True, slots=True)
class Safe:
    """Somebody was counted, at ``wall``; ``point`` is None where it was at none of the site's safe points."""

    point: SafePointId | None
    wall: datetime


@dataclass(frozen=True, slots=True)
class Evacuation:
    """Everybody leaves, since ``wall``. ``safe``: who was counted."""

    operator: OperatorId
    wall: datetime
    safe: Map[CardholderId, Safe] = field(default_factory=Map)


@dataclass(frozen=True, slots=True)
class StartEvacuation:
    """Everybody leaves: from now on people are counted where they gather. It opens no door; the fire panel does."""

    reason: str


@dataclass(frozen=True, slots=True)
class EndEvacuation:
    """People go back."""

    reason: str


@dataclass(frozen=True, slots=True)
class CheckIn:
    """Somebody stands before the guard, and is safe."""

    cardholder: CardholderId
    point: SafePointId | None


@dataclass(frozen=True, slots=True)
class UndoCheckIn:
    """It was somebody else: they are looked for again."""

    cardholder: CardholderId


EvacuationOrder = StartEvacuation | EndEvacuation | CheckIn | UndoCheckIn


def evacuation_subject(order: EvacuationOrder) -> str:
    """Return what an order is about."""
    match order:
        case CheckIn(cardholder=cardholder) | UndoCheckIn(cardholder=cardholder):
            return cardholder
        case StartEvacuation() | EndEvacuation():
            return ""
    assert_never(order)
