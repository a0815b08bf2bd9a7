"""The life of a box as commands: backed up, restored, destroyed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

from controller import backup
from controller.core import Core
from controller.destroy import remove_rest, shred_keys
from controller.domain.events import BackupTaken
from controller.domain.ids import OperatorId
from controller.domain.operators import Refusal
from controller.domain.record_orders import DestroyBox
from controller.domain.stimuli import KeepingDone
from controller.notary import Notary, NothingYet, NotTheLog
from controller.records_admin import RecordsAdmin, Refused

STOP_SECONDS = 0.5
"""Long enough for the answer to reach whoever destroyed the box."""


class LifeAdmin:
    """Commands about the box as a whole. ``running``: this process is the box, and ends with it."""

    def __init__(self, core: Core, records: RecordsAdmin, *, running: bool) -> None:
        self._core = core
        self._records = records
        self._running = running

    async def backup(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """``backup``: take one and read it back."""
        erased = self._core.vault.erased()
        await self._core.log.append(())
        now = self._core.clock.now().wall.astimezone(UTC)
        taken = await asyncio.to_thread(backup.take, self._core.folder, Path(given["destination"]), erased, now)
        fact = BackupTaken(given["author"], given["destination"], taken.entries)
        await self._core.runtime.handle(KeepingDone(fact)).durable
        return {"folder": str(taken.folder), "entries": taken.entries}

    async def destroy(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """``destroy``: two operators, each with a password; the last checkpoint is answered, for the witness."""
        first = await self._records.authenticated(given["first"])
        second = await self._records.authenticated(given["second"])
        if first == second:
            raise ValueError("two people are needed, and these are one")
        done = await self._order(first, given["reason"]) or await self._order(second, given["reason"])
        if not done:
            raise ValueError("it was asked for, and not agreed to")
        farewell = await asyncio.to_thread(self._farewell)
        await asyncio.to_thread(shred_keys, self._core.folder)
        await asyncio.to_thread(remove_rest, self._core.folder)
        if self._running:
            asyncio.get_running_loop().call_later(STOP_SECONDS, os.kill, os.getpid(), signal.SIGTERM)
        return {"checkpoint": farewell, "at": self._core.clock.now().wall.astimezone(UTC).isoformat()}

    async def _order(self, operator: OperatorId, reason: str) -> bool:
        try:
            return await self._records.order(operator, DestroyBox(reason))
        except Refused as refused:
            if refused.refusal is Refusal.SECOND_PERSON_NEEDED:  # they asked before: the other one is waited for
                return False
            raise

    def _farewell(self) -> str:
        """Sign the log with its end in it. That this cannot be done keeps nobody from destroying the box."""
        try:
            notary = Notary(self._core.folder, self._core.keystore.secrets)
            try:
                notary.take_up()
                return notary.sign()
            finally:
                notary.close()
        except (ValueError, OSError, NothingYet, NotTheLog) as error:
            return f"the log could not be signed: {error}\n"
