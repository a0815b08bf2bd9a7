"""What supervised points told, and what outputs were told and showed."""

from __future__ import annotations

from dataclasses import dataclass, field

from controller.domain.ids import OutputId, PointId
from controller.domain.points import PointCondition
from controller.domain.words import ADDED


@dataclass(frozen=True, slots=True)
class PointObserved:
    """A supervised point changed, was read anew, or is no longer heard of."""

    point: PointId
    condition: PointCondition
    silent: bool = field(default=False, metadata=ADDED)  # a silent panic button's


@dataclass(frozen=True, slots=True)
class OutputOrdered:
    """An output was told to be on, for ``seconds`` or until told otherwise (None), or off.

    An output is on as long as anybody wants it on: an area, a cause, an escalation. ``silent``, here and below: only a
    silent cause has to do with it.
    """

    output: OutputId
    on: bool
    seconds: float | None
    wanted_by: str
    silent: bool = field(default=False, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class OutputObserved:
    """An output's own word for what it does. What it was told is another thing."""

    output: OutputId
    on: bool
    silent: bool = field(default=False, metadata=ADDED)
