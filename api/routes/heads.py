"""Cameras on heads: turn, stop, presets. Each order ends by itself; ordered is not yet turned, the picture tells."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api.problems import Problem, refused
from api.rights import MAY_ORDER
from api.routes.orders import give
from api.schemas import NAME_LENGTH, OrderedOut, OrderWord
from api.schemas_heads import HeadOut, PresetOut, TurnIn
from api.security import Context, Ordering, Watching
from controller.domain.heads import LONGEST_TURN, PRESETS, GoToPreset, KeepPreset, StopCamera, TurnCamera
from controller.domain.ids import CameraId
from controller.domain.operators import Refusal, may_turn, may_watch

router = APIRouter(prefix="/cameras/{camera}/head", tags=["heads"])

Id = Annotated[str, Path(max_length=NAME_LENGTH)]
Preset = Annotated[int, Path(ge=PRESETS[0], le=PRESETS[-1])]


@router.get("")
async def head(camera: Id, who: Watching, api: Context) -> HeadOut:
    """Return which presets a camera has, and what of it is this operator's to order."""
    known = api.facade.moment().site.cameras.get(CameraId(camera))
    if known is None:
        raise refused(Refusal.UNKNOWN_CAMERA)
    role = who.operator.role
    if not may_watch(role, known):
        raise Problem(403, "not_your_role", "This camera is not for your role.")
    if known.head is None:
        raise refused(Refusal.CANNOT_BE_TURNED)
    mine = may_turn(role, known)
    return HeadOut(
        presets=[PresetOut(number=number, name=name) for number, name in sorted(known.head.presets.items())],
        home=known.head.home,
        longest=LONGEST_TURN,
        may_turn=mine,
        may_keep=mine and OrderWord.KEEP_PRESET in MAY_ORDER[role],
    )


@router.post("/turn", status_code=202)
async def turn(camera: Id, asked: TurnIn, who: Ordering, api: Context) -> OrderedOut:
    """Turn a camera for some seconds; a console that is lost meanwhile leaves nothing turning."""
    order = TurnCamera(CameraId(camera), asked.pan, asked.tilt, asked.zoom, asked.seconds)
    return await give(api, who, order)


@router.post("/stop", status_code=202)
async def stop(camera: Id, who: Ordering, api: Context) -> OrderedOut:
    """Stop a camera where it looks."""
    return await give(api, who, StopCamera(CameraId(camera)))


@router.post("/presets/{preset}/go", status_code=202)
async def go(camera: Id, preset: Preset, who: Ordering, api: Context) -> OrderedOut:
    """Have a camera look where a preset says."""
    return await give(api, who, GoToPreset(CameraId(camera), preset))


@router.post("/presets/{preset}/keep", status_code=202)
async def keep(camera: Id, preset: Preset, who: Ordering, api: Context) -> OrderedOut:
    """Have a preset mean from now on where the camera looks."""
    return await give(api, who, KeepPreset(CameraId(camera), preset))
