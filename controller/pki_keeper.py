"""Keeps certificates fresh while the box runs: its own are made anew daily, and of a device's end it tells in time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from controller.domain.ids import DeviceId
from controller.domain.stimuli import CertificateSeen, Stimulus
from controller.pki.authority import Authority
from controller.pki.register import Given, Standing

LOOK_SECONDS: Final = 3600.0
RENEW_SECONDS: Final = 24 * 3600.0
ROOT_SOON: Final = timedelta(days=3 * 365)
"""How long before its end a new authority is asked for: from then on devices' certificates become short."""

_LOG = structlog.get_logger(__name__)


class PkiKeeper:
    """Tells once how things are, then each time that changes; has the broker's files made anew once a day."""

    def __init__(
        self, authority: Authority, submit: Callable[[Stimulus], object], renew: Callable[[], Awaitable[None]]
    ) -> None:
        self._authority = authority
        self._submit = submit
        self._renew = renew
        self._told: dict[DeviceId | None, bool] = {}
        self._renewed = time.monotonic()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin. ``stop`` ends it."""
        self._task = asyncio.create_task(self._run(), name="pki")

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def look(self) -> None:
        """Look at every certificate once."""
        now, register = self._authority.now(), self._authority.register
        until = self._authority.until
        self._tell(None, f"the authority itself ends on {until:%Y-%m-%d}", ending=now >= until - ROOT_SOON)
        for device in {one.device for one in register.given}:
            last = _lasting_longest(register.of(device))
            if last is None:
                self._tell(DeviceId(device), "", ending=False)
            else:
                self._tell(DeviceId(device), _said(last, now), ending=last.standing(now) is not Standing.VALID)

    async def renew_in_time(self) -> None:
        """Have the box's own certificates and the revocation list made anew where a day has gone by."""
        if time.monotonic() - self._renewed >= RENEW_SECONDS:
            await self._renew()
            self._renewed = time.monotonic()

    def _tell(self, device: DeviceId | None, detail: str, *, ending: bool) -> None:
        if self._told.get(device) is not ending:
            self._told[device] = ending
            self._submit(CertificateSeen(device, ending, detail))

    async def _run(self) -> None:
        while True:
            self.look()
            try:
                await self.renew_in_time()
            except (OSError, ValueError) as error:
                _LOG.error("the broker's certificates could not be made anew; it is tried again", error=str(error))
            await asyncio.sleep(LOOK_SECONDS)


def _lasting_longest(given: tuple[Given, ...]) -> Given | None:
    """Return the certificate that lets a device in longest; None where all were called back: nobody misses those."""
    return max((one for one in given if one.revoked is None), key=lambda one: one.until, default=None)


def _said(one: Given, now: datetime) -> str:
    ends = "ended" if one.standing(now) is Standing.EXPIRED else "ends"
    return f"its certificate {ends} on {one.until:%Y-%m-%d}: `ostiary pki renew {one.device}`"
