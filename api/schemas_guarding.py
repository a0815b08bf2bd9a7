"""Areas, points, outputs and causes as JSON: a part of the contract in ``schemas``."""

from __future__ import annotations

from datetime import datetime

from pydantic import AwareDatetime

from api.model import Model, Text
from controller.domain.points import AreaMode, OutputKind, PointCondition, PointKind


class PointStateOut(Model):
    """A supervised point right now. ``bypassed_until`` is null for one that counts in its area."""

    id: str
    name: str
    kind: PointKind
    zone: str
    condition: PointCondition
    bypassed_until: datetime | None


class OutputStateOut(Model):
    """A siren, strobe or relay right now: ``on`` is its own word, ``ordered`` what it was told last."""

    id: str
    name: str
    kind: OutputKind
    on: bool | None
    ordered: bool
    wanted_by: list[str]


class AreaOut(Model):
    """An intrusion area right now. ``until`` ends a delay; ``not_ready`` points keep it from being armed."""

    id: str
    name: str
    zones: list[str]
    points: list[str]
    mode: AreaMode
    until: datetime | None
    not_ready: list[str]
    walk_test_until: datetime | None
    tested: list[str]


class CauseOut(Model):
    """A rule of cause and effect that holds, or has fired."""

    id: str
    name: str
    holding: bool
    fired: bool


class GuardingOut(Model):
    """Everything that is guarded by points, right now."""

    areas: list[AreaOut]
    points: list[PointStateOut]
    outputs: list[OutputStateOut]
    causes: list[CauseOut]


class MaintenanceOut(Model):
    """A place that somebody works on: one of ``door``, ``reader``, ``device`` and ``point``; it ends by itself."""

    door: str | None
    reader: str | None
    device: str | None
    point: str | None
    name: str
    operator: str
    reason: str
    until: datetime


class UntilIn(Model):
    """Until when, with a time zone."""

    until: AwareDatetime


class BypassIn(UntilIn):
    """Until when a point counts for nothing, or a place is worked on, and why."""

    reason: Text
