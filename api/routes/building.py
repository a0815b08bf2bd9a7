"""What the building is and how it stands."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.guarding import guarding_of
from api.plan import site_of
from api.problems import Problem
from api.schemas import (
    NAME_LENGTH,
    HealthOut,
    MusterOut,
    SiteOut,
    ViewOut,
)
from api.schemas_guarding import AreaOut, GuardingOut, OutputStateOut, PointStateOut
from api.schemas_wires import WireHygieneOut, wire_hygiene_of
from api.security import Api, Context, SignedIn, Watching
from api.views import muster_of
from api.withheld import Eyes
from controller.domain.ids import CameraId
from controller.domain.operators import may_watch

router = APIRouter(tags=["building"])


@router.get("/health")
async def health(api: Context) -> HealthOut:
    """Say that the box answers, and which start of it this is. Needs no sign-in."""
    return HealthOut(ok=True, boot=api.facade.moment().boot)


@router.get("/site")
async def site(_: Watching, api: Context) -> SiteOut:
    """Return the building as built."""
    return site_of(api.facade.moment().site)


@router.get("/view")
async def view(who: Watching, api: Context) -> ViewOut:
    """Return the building right now."""
    shown = Eyes(api, who).view(api.facade.moment())
    if shown is None:
        raise Problem(403, "scope_needed", "This token lacks the scope read_state.")
    return shown


@router.get("/areas")
async def areas(who: Watching, api: Context) -> list[AreaOut]:
    """Return every intrusion area right now."""
    return _guarding(api, who).areas


@router.get("/points")
async def points(who: Watching, api: Context) -> list[PointStateOut]:
    """Return every supervised point right now."""
    return _guarding(api, who).points


@router.get("/outputs")
async def outputs(who: Watching, api: Context) -> list[OutputStateOut]:
    """Return every siren, strobe and relay right now."""
    return _guarding(api, who).outputs


@router.get("/devices/hygiene")
async def hygiene(_: Watching, api: Context) -> list[WireHygieneOut]:
    """Return how well the wire of every OSDP device is kept: key, channel, errors, attempts on it."""
    return [wire_hygiene_of(facts, judged) for facts, judged in api.facade.hygiene()]


@router.get("/muster")
async def muster(_: Watching, api: Context) -> MusterOut:
    """Return who is inside, who may be, and of whom it is not known."""
    return muster_of(api.facade.moment(), api.now(), api.facade.identity)


@router.get(
    "/cameras/{camera}/picture",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def picture(camera: Annotated[str, Path(max_length=NAME_LENGTH)], who: Watching, api: Context) -> Response:
    """Return a camera's newest picture."""
    if camera not in api.facade.moment().site.cameras:
        raise Problem(404, "unknown_camera", "There is no such camera.")
    if not may_watch(who.operator.role, api.facade.moment().site.cameras[CameraId(camera)]):
        raise Problem(403, "not_your_role", "This camera is not for your role.")
    jpeg = await api.facade.picture(CameraId(camera))
    if jpeg is None:
        raise Problem(404, "no_picture", "This camera gives no picture at the moment.")
    return Response(jpeg, media_type="image/jpeg")


def _guarding(api: Api, who: SignedIn) -> GuardingOut:
    moment = api.facade.moment()
    return guarding_of(moment.site, moment.state, api.now(), silent=who.sees_silent)
