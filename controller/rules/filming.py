"""Who may see what a camera recorded, and behind its veil."""

from __future__ import annotations

from collections.abc import Iterable

from controller.domain.filming import MaskKind
from controller.domain.ids import CameraId, OperatorId
from controller.domain.operators import Refusal, may_play_back
from controller.domain.record_orders import LiftVeil
from controller.rules.turn import Turn

SHORTEST_LIFT, LONGEST_LIFT = 1.0, 3600.0
"""Seconds for which a veil may be lifted: an hour at most, then two must say so again."""


def may_see(turn: Turn, operator: OperatorId, camera: CameraId | None) -> Refusal | None:
    """Tell why a camera's recordings are not for this operator; None where they are."""
    known = turn.site.cameras.get(camera) if camera is not None else None
    if known is None:
        return Refusal.UNKNOWN_CAMERA
    return None if may_play_back(turn.state.operators[operator].role, known) else Refusal.NOT_YOUR_ROLE


def may_hand_out(turn: Turn, operator: OperatorId, cameras: Iterable[CameraId]) -> Refusal | None:
    """Tell why recordings of these cameras are not this operator's to hand out; None where they are."""
    refusals = (may_see(turn, operator, camera) for camera in cameras)
    return next((refusal for refusal in refusals if refusal is not None), None)


def may_lift_veil(turn: Turn, operator: OperatorId, order: LiftVeil) -> Refusal | None:
    """Tell why a veil stays where it is: a camera without one has nothing to lift."""
    if (refusal := may_see(turn, operator, order.camera)) is not None:
        return refusal
    if not turn.site.cameras[order.camera].painted(MaskKind.VEIL):
        return Refusal.ALREADY_SO
    return None if SHORTEST_LIFT <= order.seconds <= LONGEST_LIFT else Refusal.UNTIL_NOT_ALLOWED


def may_lower_veil(turn: Turn, operator: OperatorId, camera: CameraId) -> Refusal | None:
    """Tell why a veil cannot be lowered: it hangs already. Whoever may see the camera may have it hidden."""
    refusal = may_see(turn, operator, camera)
    if refusal is not None:
        return refusal
    return None if turn.state.veils.get(camera, turn.now.mono) > turn.now.mono else Refusal.ALREADY_SO
