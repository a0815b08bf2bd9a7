"""Evidence handed out at the box itself: whoever asks proves who they are, and the second of two gets it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from controller.core import Core
from controller.domain.ids import CameraId, DoorId, OperatorId
from controller.domain.operators import SEES_SILENT
from controller.domain.record_orders import ExportEvidence
from controller.domain.records import Purpose
from controller.evidence.desk import EvidenceDesk
from controller.records_admin import RecordsAdmin
from controller.rules.record_orders import RIGHTS
from controller.runtime.evidence import Wanted

NOT_YOURS = "refused: not your role"


class EvidenceAdmin:
    """The command that hands out evidence, on a running box or on the folder of a stopped one."""

    def __init__(self, core: Core, records: RecordsAdmin) -> None:
        self._core, self._records = core, records
        self.desk = EvidenceDesk(core, records.projection)

    async def export(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """``evidence_export``: written to a file or a folder once two have given the same command."""
        to, witness = Path(given["to"]), given.get("witness") or ""
        masked = bool(given.get("masked"))
        if await asyncio.to_thread(to.exists) or not to.is_absolute():
            raise ValueError(f"{to} is there already: name a file or a folder that is not")
        operator = await self._records.authenticated(given)
        chosen = await self.desk.choose(_wanted(given), silent=self._may(operator))
        await self.desk.examine(chosen, witness, masked=masked)
        order = chosen.order(
            Purpose(given["purpose"]), given["case"], pixelated=bool(given["pixelated"]), masked=masked
        )
        done = await self._records.order(operator, order)
        if done:
            await self.desk.write(to, order, operator, witness)
        return {"done": done, "recordings": list(chosen.recordings), "records": list(chosen.records)}

    def _may(self, operator: OperatorId) -> bool:
        """Tell whether silent alarms are for these eyes. Nobody else is even looked at. Raises ``ValueError``."""
        role = self._core.runtime.state.operators[operator].role
        if ExportEvidence not in RIGHTS[role]:
            raise ValueError(NOT_YOURS)
        return role in SEES_SILENT


def _wanted(given: Mapping[str, Any]) -> Wanted:
    return Wanted(
        tuple(sorted({int(seq) for seq in given["events"]})),
        tuple(sorted(set(given["recordings"]))),
        _time(given["since"]),
        _time(given["until"]),
        CameraId(given["camera"]) if given["camera"] else None,
        DoorId(given["door"]) if given["door"] else None,
    )


def _time(text: str | None) -> datetime | None:
    """Return a time; one without a zone is the box's own."""
    return datetime.fromisoformat(text).astimezone() if text else None
