"""Faces enrolled and withdrawn at the box itself, by whoever administers it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

from controller import words_en as words
from controller.core import Core
from controller.domain.faces import FaceBasis
from controller.domain.ids import CardholderId
from controller.domain.stimuli import FaceEnrolled, FaceGone
from controller.runtime.ports import FaceMade, NoFace

Enroller = Callable[[CardholderId, Sequence[bytes]], Awaitable[FaceMade]]


class FaceRefused(ValueError):
    """The face is not enrolled; the sentence says why and what to do."""


class FaceAdmin:
    """Templates made and destroyed without an operator: the log says who was at the box."""

    def __init__(self, core: Core, enroller: Enroller | None) -> None:
        self._core, self._enroller = core, enroller

    async def enrol(
        self,
        cardholder: CardholderId,
        photos: Sequence[bytes],
        author: str,
        basis: FaceBasis,
        reason: str = "",
        others: Collection[CardholderId] = (),
    ) -> FaceMade:
        """Make a face template and record it, sealed. Raises ``FaceRefused``.

        ``others``: people who look alike and are somebody else, as whoever is at the box says.
        """
        if self._enroller is None:
            raise FaceRefused("faces are enrolled by a running box: start it with `ostiary run`")
        if cardholder not in self._core.runtime.state.people:
            raise FaceRefused(f"nobody is known as {cardholder}; import people first")
        made = await self._made(cardholder, photos)
        undecided = [one for one in made.alike if one not in others]
        if undecided:
            raise FaceRefused(
                f"{cardholder} looks like {', '.join(undecided)}, who is enrolled already: compare them, and where "
                f"they are somebody else say so with --not-the-same {undecided[0]}"
            )
        vault, template = self._core.vault, made.template
        sealed = await asyncio.to_thread(vault.seal_template, cardholder, template.engine, template.vector)
        enrolled = FaceEnrolled(
            author,
            cardholder,
            template.engine,
            template.mode,
            sealed,
            basis,
            made.used,
            tuple(made.alike),
            self._typed(reason),
        )
        await self._core.runtime.handle(enrolled).durable
        await asyncio.to_thread(self._end_keys)
        return made

    async def withdraw(self, cardholder: CardholderId, author: str, reason: str) -> None:
        """Destroy somebody's template and portrait, at once. Raises ``FaceRefused``."""
        state = self._core.runtime.state
        if cardholder not in state.enrolled and cardholder not in state.portraits:
            raise FaceRefused(f"no face of {cardholder} is enrolled")
        await self._core.runtime.handle(FaceGone(author, cardholder, self._typed(reason))).durable
        await asyncio.to_thread(self._end_keys)

    async def enrol_command(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """``face_enrol``: from photos that lie beside the box."""
        photos = [await asyncio.to_thread(Path(photo).read_bytes) for photo in given["photos"]]
        others = [CardholderId(one) for one in given.get("others", ())]
        basis, reason = FaceBasis(given["basis"]), given.get("reason", "")
        made = await self.enrol(CardholderId(given["person"]), photos, given["author"], basis, reason, others)
        named = zip(given["photos"], made.photos, strict=True)
        left_out = [f"{Path(photo).name}: {words.PHOTOS[word]}" for photo, word in named if word]
        told = {"used": made.used, "left_out": left_out, "not_compared": made.not_compared}
        return {"engine": made.template.engine, "mode": made.template.mode, **told}

    async def withdraw_command(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """``face_withdraw``."""
        await self.withdraw(CardholderId(given["person"]), given["author"], given["reason"])
        return {}

    async def _made(self, cardholder: CardholderId, photos: Sequence[bytes]) -> FaceMade:
        if self._enroller is None:
            raise FaceRefused("this box has no eyes")
        try:
            return await self._enroller(cardholder, photos)
        except NoFace as none:
            said = [f"photo {n}: {words.PHOTOS[word]}" for n, word in enumerate(none.photos, 1) if word]
            raise FaceRefused("\n".join([*said, *(words.PHOTOS[word] for word in none.why)])) from none

    def _typed(self, text: str) -> str:
        day = self._core.clock.now().wall.astimezone(UTC).date()
        return self._core.vault.seal_text("audit", day, text) if text.strip() else ""

    def _end_keys(self) -> None:
        self._core.vault.keep_new()
        self._core.vault.destroy_erased()
