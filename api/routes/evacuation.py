"""An evacuation: everybody leaves, and is counted where they gather."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api.once import OnceRoute
from api.routes.orders import give
from api.schemas import NAME_LENGTH, OrderedOut, ReasonIn
from api.schemas_people import CheckInIn
from api.security import Context, Ordering
from controller.domain.evacuation import CheckIn, EndEvacuation, StartEvacuation, UndoCheckIn
from controller.domain.ids import CardholderId, SafePointId

router = APIRouter(tags=["muster"], route_class=OnceRoute)

Id = Annotated[str, Path(max_length=NAME_LENGTH)]


@router.post("/evacuation", status_code=202)
async def start(asked: ReasonIn, who: Ordering, api: Context) -> OrderedOut:
    """Begin to count who is safe. It opens no door: the fire panel does."""
    return await give(api, who, StartEvacuation(asked.reason))


@router.post("/evacuation/end", status_code=202)
async def end(asked: ReasonIn, who: Ordering, api: Context) -> OrderedOut:
    """Let people go back."""
    return await give(api, who, EndEvacuation(asked.reason))


@router.post("/people/{cardholder}/check-in", status_code=202)
async def check_in(cardholder: Id, asked: CheckInIn, who: Ordering, api: Context) -> OrderedOut:
    """Count somebody as safe."""
    point = SafePointId(asked.safe_point) if asked.safe_point is not None else None
    return await give(api, who, CheckIn(CardholderId(cardholder), point))


@router.post("/people/{cardholder}/check-in/undo", status_code=202)
async def undo_check_in(cardholder: Id, who: Ordering, api: Context) -> OrderedOut:
    """Look for somebody again who was counted by mistake."""
    return await give(api, who, UndoCheckIn(CardholderId(cardholder)))
