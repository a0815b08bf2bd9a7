"""Faces: photos tried, a template kept or withdrawn, one portrait for a guard to compare, and the watch list."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import Response

from api.problems import Problem, refused
from api.rights import MAY_ORDER
from api.routes.orders import give
from api.schemas import NAME_LENGTH, OrderedOut, OrderWord, ReasonIn
from api.schemas_faces import (
    AlikeOut,
    EnrolFaceIn,
    EnrolledFaceOut,
    PhotoOut,
    PhotoProblem,
    PortraitIn,
    TriedOut,
    TryIn,
)
from api.schemas_people import ForIn
from api.security import Api, Context, Fresh, Ordering, SignedIn
from controller.domain.face_orders import (
    ComparePortrait,
    ConfirmFace,
    EnrolFace,
    KeepPortrait,
    ListFace,
    RemovePortrait,
    UnlistFace,
    WithdrawFace,
)
from controller.domain.ids import CardholderId
from controller.domain.operators import Refusal
from controller.domain.record_orders import ReadRecords
from controller.domain.records import RecordScope
from controller.runtime.face_desk import FaceDesk
from controller.runtime.ports import NoFace

router = APIRouter(tags=["faces"])

Id = Annotated[str, Path(max_length=NAME_LENGTH)]
JPEG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.post("/faces/try")
async def try_photos(asked: TryIn, who: Ordering, api: Context) -> TriedOut:
    """Say of each photo whether it will do. Nothing of it is kept, and nobody is recognised."""
    desk = _desk(api, who, OrderWord.ENROL_FACE)
    return TriedOut(photos=_photos(await desk.judge(asked.images)))


@router.post("/people/{cardholder}/face")
async def enrol(cardholder: Id, asked: EnrolFaceIn, who: Fresh, api: Context) -> EnrolledFaceOut:
    """Keep a template made of these photos. Where somebody enrolled looks alike, a human looks and decides first."""
    desk = _desk(api, who, OrderWord.ENROL_FACE)
    others = tuple(map(CardholderId, asked.others))
    order = EnrolFace(CardholderId(cardholder), asked.basis, asked.reason, others)
    answer = await desk.enrol(who.operator.id, order, asked.images)
    if answer.refusal not in (None, Refusal.FACE_ALIKE, Refusal.NO_FACE):
        raise refused(answer.refusal)
    made = answer.made
    decide = made.alike if made is not None and answer.refusal is Refusal.FACE_ALIKE else ()
    return EnrolledFaceOut(
        enrolled=answer.refusal is None,
        asleep=answer.refusal is None and _asleep(api, order.cardholder),
        photos=_photos(answer.photos),
        problems=[PhotoProblem(word) for word in answer.why],
        alike=[_alike(api, one) for one in decide],
        used=made.used if made else 0,
        compared=made.compared if made else 0,
        not_compared=made.not_compared if made else 0,
    )


@router.post("/people/{cardholder}/face/confirm", status_code=202)
async def confirm(cardholder: Id, who: Fresh, api: Context) -> OrderedOut:
    """Agree that the face which another operator enrolled is this person's. It sleeps until then."""
    return await give(api, who, ConfirmFace(CardholderId(cardholder)))


@router.post("/people/{cardholder}/face/withdraw", status_code=202)
async def withdraw(cardholder: Id, asked: ReasonIn, who: Ordering, api: Context) -> OrderedOut:
    """Destroy somebody's template and portrait, at once and everywhere."""
    return await give(api, who, WithdrawFace(CardholderId(cardholder), asked.reason))


@router.post("/people/{cardholder}/face/list", status_code=202)
async def list_face(cardholder: Id, asked: ReasonIn, who: Fresh, api: Context) -> OrderedOut:
    """Look for this face, where the site has an approved watch list."""
    return await give(api, who, ListFace(CardholderId(cardholder), asked.reason))


@router.post("/people/{cardholder}/face/unlist", status_code=202)
async def unlist_face(cardholder: Id, asked: ReasonIn, who: Ordering, api: Context) -> OrderedOut:
    """No longer look for it."""
    return await give(api, who, UnlistFace(CardholderId(cardholder), asked.reason))


@router.post("/people/{cardholder}/portrait", status_code=202)
async def keep_portrait(cardholder: Id, asked: PortraitIn, who: Ordering, api: Context) -> OrderedOut:
    """Keep the head in a photo, where the site allows it. Answers 409 ``photo_...`` where it will not do."""
    desk = _desk(api, who, OrderWord.KEEP_PORTRAIT)
    if not api.facade.moment().site.faces.portraits:
        raise refused(Refusal.PORTRAITS_NOT_ALLOWED)
    order = KeepPortrait(CardholderId(cardholder), asked.reason)
    try:
        refusal = await desk.keep_portrait(who.operator.id, order, asked.image)
    except NoFace as none:
        problem = next(iter([*filter(None, none.photos), *none.why]), PhotoProblem.NOBODY.value)
        raise Problem(409, f"photo_{problem}", "This photo will not do.") from none
    if refusal is not None:
        raise refused(refusal)
    return OrderedOut(ordered=True, code=None)


@router.post("/people/{cardholder}/portrait/remove", status_code=202)
async def remove_portrait(cardholder: Id, asked: ReasonIn, who: Ordering, api: Context) -> OrderedOut:
    """Destroy somebody's portrait."""
    return await give(api, who, RemovePortrait(CardholderId(cardholder), asked.reason))


@router.post("/people/{cardholder}/portrait/read", response_class=Response, responses=JPEG)
async def read_portrait(cardholder: Id, asked: ForIn, who: Ordering, api: Context) -> Response:
    """Return somebody's portrait, as part of their record: for what purpose, stands in the log before."""
    whom = CardholderId(cardholder)
    await give(api, who, ReadRecords(RecordScope.PERSON, asked.purpose, asked.case, whom))
    return await _portrait(api, whom)


@router.post("/people/{cardholder}/portrait/compare", response_class=Response, responses=JPEG)
async def compare_portrait(cardholder: Id, who: Ordering, api: Context) -> Response:
    """Return the portrait of somebody who waits for a guard's look, or whom an open alarm about a face tells of."""
    whom = CardholderId(cardholder)
    await give(api, who, ComparePortrait(whom))
    return await _portrait(api, whom)


async def _portrait(api: Api, whom: CardholderId) -> Response:
    jpeg = await api.facade.faces.portrait(whom) if api.facade.faces is not None else None
    if jpeg is None:
        raise refused(Refusal.NO_PORTRAIT)
    return Response(jpeg, media_type="image/jpeg")


def _desk(api: Api, who: SignedIn, word: OrderWord) -> FaceDesk:
    """Return who enrols. The eyes work for nobody whom the rules would refuse; they decide on the order anew."""
    if word not in MAY_ORDER[who.operator.role]:
        raise refused(Refusal.NOT_YOUR_ROLE)
    if api.facade.faces is None:
        raise Problem(404, "no_eyes", "This box has no eyes.")
    return api.facade.faces


def _asleep(api: Api, whom: CardholderId) -> bool:
    face = api.facade.moment().state.enrolled.get(whom)
    return face is not None and face.asleep


def _photos(words: tuple[str, ...]) -> list[PhotoOut]:
    return [PhotoOut(problem=PhotoProblem(word) if word else None) for word in words]


def _alike(api: Api, whom: CardholderId) -> AlikeOut:
    identity = api.facade.identity(whom)
    return AlikeOut(id=whom, name=identity.name if identity else None)
