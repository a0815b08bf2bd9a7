"""What of the log and of the view is for whose eyes, where no purpose was given.

A post must see who passes while it happens: guard, supervisor and security officer see names in what is newer than a
day. Who it was before that, and who it was at all for everybody else, takes a purpose, which stands in the log
(``POST /api/events/read``). A program is told of things, never of people.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from api.records import Names, Texts, event_of, is_silent, why_of
from api.schemas import EventOut, EventWhyOut, ViewOut
from api.security import Api, SignedIn
from api.views import view_of
from controller.domain.events import Recorded
from controller.domain.ids import CardholderId, DoorId, ZoneId
from controller.domain.integrations import Scope
from controller.domain.operators import Role
from controller.domain.site import Site
from controller.runtime.facade import Moment

AT_THE_POST = frozenset({Role.GUARD, Role.SUPERVISOR, Role.SECURITY_OFFICER})
FRESH = timedelta(hours=24)
"""What a shift, and the one that takes over from it, has to know."""

OF_THINGS = frozenset(
    {
        "active", "area", "assumed", "assurance", "condition", "direction", "doors", "end", "engine", "enters",
        "factor", "factors", "fire_zone", "kind", "lasting", "leaves", "level", "lock", "lockdown_seconds", "loop",
        "low", "mode", "open_seconds", "output", "outputs", "persists", "point", "points", "position", "priority",
        "seconds", "secure", "start", "status", "trouble", "violation", "warn_seconds", "zone", "zones",
    }
)  # fmt: skip
"""Details that tell of doors and devices. Whatever else a record holds may tell of a person."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """What somebody, or a program, is shown. ``purposeful``: they said what for, and it stands in the log."""

    api: Api
    who: SignedIn
    purposeful: bool = False

    def event(self, record: Recorded) -> EventOut | None:
        """Return a record as it is shown; None for one that is not for these eyes at all."""
        if not self._may_see(record):
            return None
        facade = self.api.facade
        shown = event_of(record, facade.moment().site, facade.identity, facade.text)
        if self._names(record):
            return shown
        return shown.model_copy(update=self._without_people(shown))

    def why(self, record: Recorded) -> EventWhyOut | None:
        """Likewise, with the trace of its decision; withheld, its checks are named without their facts."""
        if not self._may_see(record):
            return None
        facade = self.api.facade
        shown = why_of(record, facade.moment().site, facade.identity, facade.text)
        if self._names(record):
            return shown
        checks = [check.model_copy(update={"facts": ""}) for check in shown.trace or ()]
        return shown.model_copy(update={**self._without_people(shown), "trace": checks if shown.trace else None})

    def view(self, moment: Moment) -> ViewOut | None:
        """Return the building as it is shown; None for a program that may only follow events."""
        facade, program = self.api.facade, self.who.program
        if program is None:
            names = facade.identity if self.who.operator.role in AT_THE_POST else _nobody
            return view_of(moment, self.api.now(), facade.text, names, silent=self.who.sees_silent)
        if Scope.READ_STATE not in program.scopes:
            return None
        view = view_of(moment, self.api.now(), _nothing, _nobody)
        shown = view.model_copy(
            update={
                "waiting": [],
                "pending": [],
                "open_shift": None,
                "inside": 0,
                "possibly_inside": 0,
                "unknown": 0,
                "alarms": [alarm.model_copy(update={"detail": ""}) for alarm in view.alarms],
            }
        )
        return shown if program.zones is None else _within(moment.site, shown, program.zones)

    def _may_see(self, record: Recorded) -> bool:
        if is_silent(record) and not self.who.sees_silent:
            return False
        zones = None if self.who.program is None else self.who.program.zones
        if zones is None:
            return True
        shown = event_of(record, self.api.facade.moment().site, _nobody, _nothing)
        return shown.door is not None and shown.door in _doors_within(self.api.facade.moment().site, zones)

    def _names(self, record: Recorded) -> bool:
        """Tell whether a record says who it was."""
        if self.who.program is not None:
            return False
        fresh = self.who.operator.role in AT_THE_POST and self.api.wall() - record.at.wall < FRESH
        return fresh or self.purposeful

    def _without_people(self, shown: EventOut) -> dict[str, object]:
        """Return what replaces a record's parts that may tell of a person. A program hears of no operator either."""
        detail = {name: value for name, value in shown.detail.items() if name in OF_THINGS}
        operator = shown.operator if self.who.program is None else None
        taken = (shown.who, shown.operator, shown.detail) != (None, operator, detail)
        return {"who": None, "operator": operator, "detail": detail, "withheld": taken}


def told_to_programs(record: Recorded, site: Site, names: Names, texts: Texts, *, named: bool) -> bytes:
    """Return a record as a webhook is told of it (JSON of ``EventOut``); ``named``: with whom it is about."""
    if named:
        return event_of(record, site, names, texts).model_dump_json().encode()
    shown = event_of(record, site, _nobody, _nothing)
    detail = {name: value for name, value in shown.detail.items() if name in OF_THINGS}
    taken = (shown.who, shown.operator, shown.detail) != (None, None, detail)
    bare = shown.model_copy(update={"who": None, "operator": None, "detail": detail, "withheld": taken})
    return bare.model_dump_json().encode()


def _within(site: Site, view: ViewOut, zones: frozenset[ZoneId]) -> ViewOut:
    """Return what of a view is about these zones."""
    doors = _doors_within(site, zones)
    cameras = {camera.id for camera in site.cameras.values() if camera.zone in zones}
    return view.model_copy(
        update={
            "doors": [door for door in view.doors if door.id in doors],
            "alarms": [alarm for alarm in view.alarms if alarm.door in doors or alarm.zone in zones],
            "devices": [],
            "cameras": [camera for camera in view.cameras if camera.id in cameras],
            "guarding": view.guarding.model_copy(update={"areas": [], "points": [], "outputs": [], "causes": []}),
        }
    )


def _doors_within(site: Site, zones: frozenset[ZoneId]) -> frozenset[DoorId]:
    """Return the doors that lead into or out of one of these zones."""

    def found() -> Iterator[DoorId]:
        for door in site.doors.values():
            if zones.intersection(door.zones):
                yield door.id

    return frozenset(found())


def _nobody(_: CardholderId) -> None:
    """Know nobody's name."""


def _nothing(_: str) -> str:
    """Read nothing of what was typed."""
    return ""
