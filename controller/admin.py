"""What is done to a box rather than at its doors: appointing operators, importing people, enrolling faces.

One table of commands, served by a running box over its control socket and by a stopped one directly.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import cattrs

from controller.core import Core
from controller.domain.ids import CardholderId, CredentialId, OperatorId, ZoneId
from controller.domain.operators import Operator, Role
from controller.domain.people import (
    PERSONAL_PIN,
    Credential,
    CredentialKind,
    CredentialStatus,
    badge_number,
)
from controller.domain.stimuli import BadgeEnrolled, OperatorEnrolled, OperatorRemoved, PersonEnrolled
from controller.evidence.admin import EvidenceAdmin
from controller.face_admin import Enroller, FaceAdmin
from controller.life_admin import LifeAdmin
from controller.pins import TooManyPins, personal_pin, too_near
from controller.records_admin import RecordsAdmin
from controller.runtime.ports import Identity
from controller.site.check import format_errors
from controller.site.errors import SiteErrors
from controller.site.people import PersonRow, parse_people
from controller.store.keystore import Badge

ONE_TIME_BYTES = 12
MAX_NAME = 64
ROWS_AT_ONCE = 50
WHAT_IS_TAKEN = {CredentialKind.CARD: "badge", CredentialKind.PIN: "personal PIN"}
UNCHANGED = "known just so"
WORDS = {"token": "number", "pin": "PIN"}

Command = Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]


class AdminError(ValueError):
    """The command cannot be carried out; the sentence says why and what to do."""


class Admin:
    """The administration of one box. Every act is recorded with its author before it is answered."""

    def __init__(self, core: Core, enroller: Enroller | None = None) -> None:
        self._core = core
        self.records = RecordsAdmin(core)
        self.evidence = EvidenceAdmin(core, self.records)
        self.faces = FaceAdmin(core, enroller)
        life = LifeAdmin(core, self.records, running=enroller is not None)
        self.commands: Mapping[str, Command] = {
            "operator_add": self._operator_add,
            "operator_duress": self._operator_duress,
            "operator_list": self._operator_list,
            "operator_withdraw": self._operator_withdraw,
            "operator_reset": self._operator_reset,
            "people_import": self._people_import,
            "face_enrol": said_no(self.faces.enrol_command),
            "face_withdraw": said_no(self.faces.withdraw_command),
            "record_order": said_no(self.records.give),
            "people_read": said_no(self.records.read),
            "people_export": said_no(self.records.export),
            "evidence_export": said_no(self.evidence.export),
            "project": self.records.project,
            "backup": said_no(life.backup),
            "destroy": said_no(life.destroy),
        }

    async def add_operator(
        self,
        name: str,
        role: Role,
        author: str,
        person: CardholderId | None = None,
        zones: frozenset[ZoneId] | None = None,
    ) -> str:
        """Appoint an operator, or give one another role and a new one-time password, which is returned.

        ``zones``: where their orders count; None: everywhere.
        """
        unknown = sorted((zones or frozenset()) - self._core.runtime.site.zones.keys())
        if unknown:
            raise AdminError(f"no zone is called {', '.join(unknown)}")
        if not name.isprintable() or name.split() != [name] or len(name) > MAX_NAME:
            raise AdminError(f"{name!r} is no name to sign in with: one word, {MAX_NAME} characters at most")
        password = secrets.token_urlsafe(ONE_TIME_BYTES)
        operator = OperatorId(name)
        await asyncio.to_thread(self._core.keystore.set_password, operator, password, one_time=True)
        known = self._core.runtime.state.operators.get(operator)
        anew = Operator(operator, role, person, zones, known.resets + 1 if known else 0)
        await self._core.runtime.handle(OperatorEnrolled(author, anew)).durable
        return password

    async def give_duress_password(self, name: str, author: str) -> str:
        """Make an operator's password for when somebody forces them, and return it."""
        known = self._core.runtime.state.operators.get(OperatorId(name))
        if known is None:
            raise AdminError(f"nobody signs in as {name}; appoint them first with `ostiary operator add`")
        password = secrets.token_urlsafe(ONE_TIME_BYTES)
        await asyncio.to_thread(self._core.keystore.set_duress_password, known.id, password)
        await self._core.runtime.handle(OperatorEnrolled(author, known)).durable
        return password

    async def import_people(self, rows: Sequence[PersonRow], author: str) -> int:
        """Record people and their badges and return how many were new: who is known just so is passed over."""
        self._refuse_taken_badges(rows)
        await self._refuse_slips(rows)
        await asyncio.to_thread(self._core.keystore.make_keys, [row.id for row in rows])
        await asyncio.to_thread(self._core.keystore.enrol, [badge for row in rows for badge in _badges(row)])
        new = 0
        for start in range(0, len(rows), ROWS_AT_ONCE):  # the doors are served between
            durable = [self._record(row, author) for row in rows[start : start + ROWS_AT_ONCE]]
            await asyncio.gather(*(future for futures in durable for future in futures))
            new += sum(bool(futures) for futures in durable)
        return new

    def _refuse_taken_badges(self, rows: Sequence[PersonRow]) -> None:
        """A badge that is somebody else's would open doors in the wrong name."""
        state = self._core.runtime.state
        credentials = [one for row in rows for one in self._credentials(row)]
        named = {one.id for one in credentials}
        for one in credentials:
            holder = state.tokens.get(one.token)
            if holder is not None and holder not in named:
                what, other = WHAT_IS_TAKEN[one.kind], state.credentials[holder].cardholder
                raise AdminError(
                    f"the {what} of {one.cardholder} is known as that of {other}; give {other} another one first"
                )

    async def _refuse_slips(self, rows: Sequence[PersonRow]) -> None:
        """A slip of the finger, and somebody would seem to be under duress. Of known PINs there are only proofs."""
        state = self._core.runtime.state
        listed = {row.id for row in rows}
        changed = [row for row in rows if any(state.credentials.get(one.id) != one for one in self._credentials(row))]
        known = [one for one in state.credentials.values() if one.cardholder not in listed]
        try:
            near = await asyncio.to_thread(too_near, self._core.keystore, changed, known)
        except TooManyPins as many:
            raise AdminError(f"too many PINs to compare ({many}); import everybody in one file") from many
        if near:
            raise AdminError(
                f"{', '.join(near)}: a PIN is one digit from somebody's duress PIN, or the other way round; "
                "choose one that is two digits or more from it"
            )

    def _change(self, row: PersonRow) -> str:
        """Say what importing a row does. No name stands in it: the list was read by whoever gave it."""
        state = self._core.runtime.state
        known = state.people.get(row.id)
        if known is None:
            return "erased before; would be known again" if row.id in self._core.vault.erased() else "new"
        said = []
        if self._core.vault.identity(row.id) != Identity(row.name):
            said.append("another name")
        if known != row.cardholder:
            said.append("another kind, clearance, level or competency")
        for now in self._credentials(row):
            then = state.credentials.get(now.id)
            if then is None:
                said.append(f"a {WHAT_IS_TAKEN[now.kind]}")
            elif then != now:
                said.append(f"{WHAT_IS_TAKEN[now.kind]}: another " + ", ".join(_differing(then, now)))
        return "; ".join(said) or UNCHANGED

    def _record(self, row: PersonRow, author: str) -> list[asyncio.Future[None]]:
        state = self._core.runtime.state
        identity = Identity(row.name)
        cardholder = row.cardholder
        futures = []
        if state.people.get(row.id) != cardholder or self._core.vault.identity(row.id) != identity:
            sealed = self._core.vault.seal_identity(row.id, identity)
            futures.append(self._core.runtime.handle(PersonEnrolled(author, cardholder, sealed)).durable)
        changed = [one for one in self._credentials(row) if state.credentials.get(one.id) != one]
        return futures + [self._core.runtime.handle(BadgeEnrolled(author, one)).durable for one in changed]

    def _credentials(self, row: PersonRow) -> list[Credential]:
        """Return badge and personal PIN. A PIN that the list no longer holds is taken back."""
        pin = personal_pin(self._core.keystore, row)
        before = self._core.runtime.state.credentials.get(CredentialId(f"{row.id}-pin"))
        if pin is None and before is not None:
            pin = replace(before, status=CredentialStatus.RETURNED)
        return [self._credential(row), *([pin] if pin else [])]

    def _credential(self, row: PersonRow) -> Credential:
        keystore = self._core.keystore
        badge = _badges(row)[0]
        name = badge.credential
        return Credential(
            name,
            row.id,
            keystore.card_token(badge.card_format, badge.number),
            keystore.pin_proof(name, row.pin) if row.pin else None,
            row.assurance,
            row.status,
            row.valid_from,
            row.valid_until,
            keystore.pin_proof(name, row.duress_pin) if row.duress_pin else None,
        )

    async def _operator_add(self, given: Mapping[str, Any]) -> dict[str, Any]:
        role = Role(given["role"])
        person = given.get("person")
        if person is not None and person not in self._core.runtime.state.people:
            raise AdminError(f"nobody is known as {person}; import people first")
        zones = given.get("zones")
        limit = None if not zones else frozenset(map(ZoneId, zones))
        return {"one_time_password": await self.add_operator(given["name"], role, given["author"], person, limit)}

    async def _operator_list(self, _: Mapping[str, Any]) -> dict[str, Any]:
        factors = self._core.keystore.factors
        return {
            "operators": [
                {
                    "name": one.id,
                    "role": one.role.value,
                    "zones": None if one.zones is None else sorted(one.zones),
                    "second_factors": sorted(await asyncio.to_thread(factors.methods, one.id)),
                }
                for one in sorted(self._core.runtime.state.operators.values(), key=lambda one: one.id)
            ]
        }

    async def _operator_withdraw(self, given: Mapping[str, Any]) -> dict[str, Any]:
        operator = self._known_operator(given["name"])
        gone = OperatorRemoved(given["author"], operator, anew=False, reason=given["reason"])
        await self._core.runtime.handle(gone).durable
        await asyncio.to_thread(self._core.keystore.forget_operator, operator)
        return {}

    async def _operator_reset(self, given: Mapping[str, Any]) -> dict[str, Any]:
        operator = self._known_operator(given["name"])
        password = secrets.token_urlsafe(ONE_TIME_BYTES)
        await asyncio.to_thread(self._core.keystore.forget_operator, operator)
        await asyncio.to_thread(self._core.keystore.set_password, operator, password, one_time=True)
        anew = OperatorRemoved(given["author"], operator, anew=True, reason=given["reason"])
        await self._core.runtime.handle(anew).durable
        return {"one_time_password": password}

    def _known_operator(self, name: str) -> OperatorId:
        if OperatorId(name) not in self._core.runtime.state.operators:
            raise AdminError(f"nobody signs in as {name}; see `ostiary operator list`")
        return OperatorId(name)

    async def _operator_duress(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return {"duress_password": await self.give_duress_password(given["name"], given["author"])}

    async def _people_import(self, given: Mapping[str, Any]) -> dict[str, Any]:
        try:
            rows = parse_people(given["csv"].encode(), given["file"], self._core.runtime.site)
        except SiteErrors as errors:
            raise AdminError(format_errors(errors.errors)) from errors
        self._refuse_taken_badges(rows)
        changes = [self._change(row) for row in rows]
        report = {"people": len(rows), "lines": [f"{row.id}: {said}" for row, said in zip(rows, changes, strict=True)]}
        if given.get("dry_run"):
            return {**report, "new": sum(said != UNCHANGED for said in changes)}
        return {**report, "new": await self.import_people(rows, given["author"])}


def _badges(row: PersonRow) -> list[Badge]:
    """Return what the key store is to know: the badge, and the personal PINs, which have tokens as cards do."""
    number = badge_number(row.facility, row.number)
    badge = Badge(row.id, CredentialId(f"{row.id}-badge"), row.badge_format, number, row.pin is not None)
    typed = [pin for pin in (row.personal_pin, row.personal_duress_pin) if pin]
    return [badge, *(Badge(row.id, CredentialId(f"{row.id}-pin"), PERSONAL_PIN, pin, has_pin=False) for pin in typed)]


def _differing(then: Credential, now: Credential) -> list[str]:
    names = [field.name for field in fields(now) if getattr(then, field.name) != getattr(now, field.name)]
    return [WORDS.get(name, name.replace("_", " ")) for name in names]


def said_no(command: Command) -> Command:
    """Have what an operator may not do, or mistyped, answered in its own sentence."""

    async def asked(given: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return await command(given)
        except cattrs.BaseValidationError as error:
            raise AdminError("; ".join(cattrs.transform_error(error))) from error
        except (ValueError, LookupError) as error:
            raise AdminError(str(error)) from error

    return asked
