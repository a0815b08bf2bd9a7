"""The desk where faces are enrolled: photos go to the eyes, what comes back is sealed, and the rules decide."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from controller.domain.events import PortraitKept, Recorded
from controller.domain.face_orders import EnrolFace, KeepPortrait
from controller.domain.ids import CardholderId, OperatorId
from controller.domain.operators import Order, Refusal
from controller.runtime.ports import FaceMade, FaceMaker, NoFace, Office

Give = Callable[[OperatorId, Order], Awaitable[Refusal | None]]
Read = Callable[[int], Sequence[Recorded]]
"""Return the record below a number."""


@dataclass(frozen=True, slots=True)
class FaceAnswer:
    """What became of an enrolment: ``refusal`` is None once the template is kept.

    ``photos`` has a word for each photo, ``why`` what that amounts to where no template could be made.
    """

    refusal: Refusal | None
    photos: tuple[str, ...]
    why: tuple[str, ...] = ()
    made: FaceMade | None = None


class FaceDesk:
    """Enrols faces, and keeps and shows portraits, by the orders of operators."""

    def __init__(self, eyes: FaceMaker, office: Office, give: Give, read: Read) -> None:
        self._eyes, self._office, self._give, self._read = eyes, office, give, read

    async def judge(self, photos: Sequence[bytes]) -> tuple[str, ...]:
        """Return a word for each photo: why it will not do, empty where it will. Nothing is kept or recorded."""
        return await self._eyes.judge(photos)

    def reads(self, engine: str) -> bool:
        """Tell whether a template of that engine is of use to the one that looks now."""
        return self._eyes.reads(engine)

    async def enrol(self, operator: OperatorId, order: EnrolFace, photos: Sequence[bytes]) -> FaceAnswer:
        """Make a template of photos and order that it be kept. That somebody looks alike is recorded as well."""
        try:
            made = await self._eyes.make(order.cardholder, photos)
        except NoFace as none:
            return FaceAnswer(Refusal.NO_FACE, none.photos, none.why)
        whole = await asyncio.to_thread(completed, self._office, order, made)
        return FaceAnswer(await self._give(operator, whole), made.photos, (), made)

    async def keep_portrait(self, operator: OperatorId, order: KeepPortrait, photo: bytes) -> Refusal | None:
        """Keep the head in a photo as somebody's portrait. Raises ``NoFace``."""
        jpeg = await self._eyes.portrait(photo)
        sealed = await asyncio.to_thread(self._office.seal_portrait, order.cardholder, jpeg)
        return await self._give(operator, replace(order, portrait=sealed))

    async def portrait(self, cardholder: CardholderId) -> bytes | None:
        """Return somebody's portrait (JPEG), or None. Who sees it must stand in the log before."""
        at = self._office.portrait_at(cardholder)
        if at is None:
            return None
        record = next(iter(await asyncio.to_thread(self._read, at + 1)), None)
        if record is None or record.seq != at or not isinstance(record.event, PortraitKept):
            return None
        return self._office.portrait(cardholder, record.event.portrait)


def completed(office: Office, order: EnrolFace, made: FaceMade) -> EnrolFace:
    """Return an enrolment with what the eyes made. Of somebody who looks like another, nothing is sealed in vain."""
    decided = set(made.alike) <= set(order.others)
    whom, template = order.cardholder, made.template
    sealed = office.seal_template(whom, template.engine, template.vector) if decided else "undecided"
    return replace(
        order,
        others=tuple(one for one in made.alike if one in order.others),
        alike=made.alike,
        engine=template.engine,
        mode=template.mode,
        used=made.used,
        template=sealed,
    )
