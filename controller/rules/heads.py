"""Turning cameras: who may, which cameras, and what is asked of a head. Every order is written down."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never

from controller.domain import events as ev
from controller.domain.effects import MoveHead
from controller.domain.heads import LONGEST_TURN, GoToPreset, HeadOrder, KeepPreset, StopCamera, TurnCamera
from controller.domain.ids import OperatorId
from controller.domain.operators import Refusal, Role, may_turn
from controller.rules.turn import Turn

LATEST = 2.0
"""Seconds after which an order that did not reach its head is dropped: nobody expects the camera to turn any more."""

_TURNS: frozenset[type[HeadOrder]] = frozenset({TurnCamera, StopCamera, GoToPreset})
_KEEPS = _TURNS | {KeepPreset}
RIGHTS: Mapping[Role, frozenset[type[HeadOrder]]] = MappingProxyType(
    {
        Role.GUARD: _TURNS,
        Role.SUPERVISOR: _KEEPS,
        Role.SECURITY_OFFICER: _KEEPS,
        Role.AUDITOR: frozenset(),
        Role.DATA_PROTECTION_OFFICER: frozenset(),
        Role.TECHNICIAN: _KEEPS,
    }
)
"""Who may give which of these orders. What a preset means is what a camera watches: that is not changed at the post."""


def may(turn: Turn, role: Role, order: HeadOrder) -> Refusal | None:
    """Tell why an order is refused, the role being right; None where it may be given."""
    camera = turn.site.cameras.get(order.camera)
    if camera is None:
        return Refusal.UNKNOWN_CAMERA
    if camera.head is None:
        return Refusal.CANNOT_BE_TURNED
    if not may_turn(role, camera):
        return Refusal.NOT_YOUR_ROLE
    match order:
        case TurnCamera(seconds=seconds):
            return None if 0 < seconds <= LONGEST_TURN else Refusal.UNTIL_NOT_ALLOWED
        case GoToPreset(preset=preset) | KeepPreset(preset=preset):
            return None if preset in camera.head.presets else Refusal.UNKNOWN_PRESET
        case StopCamera():
            return None
    assert_never(order)


def carry_out(turn: Turn, operator: OperatorId, order: HeadOrder) -> None:
    """Write an order down, and have it done."""
    turn.record(_fact(operator, order))
    turn.ask(MoveHead(order, turn.now.mono + LATEST))


def _fact(
    operator: OperatorId, order: HeadOrder
) -> ev.CameraTurnOrdered | ev.CameraStopOrdered | ev.CameraPresetOrdered | ev.CameraPresetKept:
    match order:
        case TurnCamera():
            return ev.CameraTurnOrdered(order.camera, operator, order.pan, order.tilt, order.zoom, order.seconds)
        case StopCamera(camera=camera):
            return ev.CameraStopOrdered(camera, operator)
        case GoToPreset(camera=camera, preset=preset):
            return ev.CameraPresetOrdered(camera, operator, preset)
        case KeepPreset(camera=camera, preset=preset):
            return ev.CameraPresetKept(camera, operator, preset)
    assert_never(order)
