"""What is done to people's records at the box itself: each command names its operator, and they prove who they are."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Mapping
from typing import Any

import cattrs

from controller.backup import strike_out
from controller.core import Core
from controller.domain.ids import CardholderId, OperatorId
from controller.domain.operators import Refusal
from controller.domain.people import Cardholder
from controller.domain.record_orders import (
    AssignAccessLevel,
    EraseCardholder,
    ExportPeople,
    LiftLegalHold,
    PlaceLegalHold,
    ReadRecords,
    RecordOrder,
    SetCredentialStatus,
    WithdrawAccessLevel,
    subject,
)
from controller.domain.records import RecordScope
from controller.domain.stimuli import SignInTried
from controller.domain.words import word_for
from controller.runtime.building import Building
from controller.store.projection import DOOR, PERSON, Projection

ORDERS: Mapping[str, type[RecordOrder]] = {
    "erase": EraseCardholder,
    "status": SetCredentialStatus,
    "assign": AssignAccessLevel,
    "withdraw": WithdrawAccessLevel,
    "hold": PlaceLegalHold,
    "lift": LiftLegalHold,
    "export": ExportPeople,
    "read": ReadRecords,
}
HISTORY = 200
EXPORTED = ("id", "name", "kind", "clearance", "levels", "badges")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would run."""


class Refused(ValueError):
    """An order was refused; the sentence says which reason."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"refused: {refusal.value.replace('_', ' ')}")
        self.refusal = refusal


class RecordsAdmin:
    """Commands about people's records, on a running box or on the folder of a stopped one."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._building = Building(core.runtime, core.vault, core.vault, core.keystore, _NoCameras(), core.clock)
        self.projection = Projection(core.folder, core.keystore.secrets)

    async def authenticated(self, given: Mapping[str, Any]) -> OperatorId:
        """Return the operator a name and a password stand for. A wrong one is recorded; raises ``ValueError``."""
        operator = OperatorId(given["operator"])
        keystore, runtime = self._core.keystore, self._core.runtime
        right = await asyncio.to_thread(keystore.password_matches, operator, given["password"])
        if not right or operator not in runtime.state.operators:
            await runtime.handle(SignInTried(operator, succeeded=False, address="the box")).durable
            raise ValueError(f"{operator} is no operator here, or the password is another")
        if await asyncio.to_thread(keystore.password_is_one_time, operator):
            raise ValueError(f"{operator} has not chosen a password yet: sign in at the console first")
        return operator

    async def order(self, operator: OperatorId, order: RecordOrder) -> bool:
        """Give an order; tell whether it is done, or waits for a second person. Raises ``Refused``."""
        refusal = await self._building.order(operator, order)
        if refusal is not None:
            raise Refused(refusal)
        done = (word_for(type(order)), subject(order)) not in self._core.runtime.state.asked
        if done and isinstance(order, EraseCardholder):
            await asyncio.to_thread(strike_out, self._core.folder, self._core.vault.erased())
        return done

    async def give(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """``record_order``: one order of ``ORDERS`` with its fields."""
        operator = await self.authenticated(given)
        order = cattrs.structure(given["fields"], ORDERS[given["order"]])
        return {"done": await self.order(operator, order)}

    async def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """``people_read``: the list, one person, or what stands in the log about a person or a door."""
        operator = await self.authenticated(given)
        order = cattrs.structure(given["fields"], ReadRecords)
        await self.order(operator, order)
        match order.scope:
            case RecordScope.PEOPLE:
                return {"people": await asyncio.to_thread(self._listed, given.get("text", ""))}
            case RecordScope.PERSON:
                return {"people": [self._person(self._core.runtime.state.people[_whom(order)])]}
            case RecordScope.HISTORY:
                return {"records": await self._history(PERSON, _whom(order))}
            case RecordScope.DOOR:
                return {"records": await self._history(DOOR, str(order.door))}
            case RecordScope.RECORDING:
                raise ValueError("what a camera recorded is shown at the console")
            case RecordScope.REPORT:
                raise ValueError("reports are made at the console")
            case RecordScope.EVENTS:
                raise ValueError("the log is read at the console; here by `ostiary why` and `ostiary log`")

    async def export(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """``people_export``: everybody as CSV, once two have asked for it."""
        operator = await self.authenticated(given)
        done = await self.order(operator, cattrs.structure(given["fields"], ExportPeople))
        return {"done": done, "csv": await asyncio.to_thread(self._as_csv) if done else None}

    async def project(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """``project``: bring what is searched up to the log, or make it anew from it."""
        fill = self.projection.rebuild if given["rebuild"] else self.projection.catch_up
        return {"records": await asyncio.to_thread(fill)}

    async def _history(self, what: str, subject: str) -> list[dict[str, Any]]:
        found = await asyncio.to_thread(self.projection.history, what, subject, before=None, limit=HISTORY)
        return [{"seq": r.seq, "time": r.at.wall.isoformat(), "kind": r.kind} for r in found]

    def _listed(self, text: str) -> list[dict[str, Any]]:
        people = (self._person(person) for person in self._core.runtime.state.people.values())
        wanted = text.casefold()
        return sorted((p for p in people if wanted in f"{p['id']} {p['name']}".casefold()), key=lambda p: str(p["id"]))

    def _person(self, person: Cardholder) -> dict[str, Any]:
        identity = self._core.vault.identity(person.id)
        held = [badge for badge in self._core.runtime.state.credentials.values() if badge.cardholder == person.id]
        return {
            "id": person.id,
            "name": identity.name if identity else None,
            "kind": person.kind.value,
            "clearance": person.clearance,
            "levels": sorted(person.levels),
            "badges": [f"{badge.id}: {badge.status.value}" for badge in sorted(held, key=lambda badge: badge.id)],
        }

    def _as_csv(self) -> str:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(EXPORTED)
        for person in self._listed(""):
            cells = [person[column] for column in EXPORTED]
            writer.writerow([_cell("; ".join(cell) if isinstance(cell, list) else cell) for cell in cells])
        return text.getvalue()


class _NoCameras:
    """What is done at the box shows no picture."""

    async def picture(self, *_: object, **__: object) -> bytes | None:
        return None


def _whom(order: ReadRecords) -> CardholderId:
    if order.cardholder is None:
        raise ValueError("name a person")
    return order.cardholder


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
