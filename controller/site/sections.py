"""One reader for each table of a site file: which keys it has, of which kind, and what happens when one is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TypedDict, TypeVar
from zoneinfo import ZoneInfo

from controller.domain.ids import (
    OUTSIDE,
    AccessLevelId,
    CameraId,
    CompetencyId,
    DeviceId,
    DoorId,
    FireZoneId,
    InterlockId,
    LineId,
    ReaderId,
    ScheduleId,
    ZoneId,
)
from controller.domain.people import CardholderKind
from controller.domain.site import (
    CONSUMER,
    DEBOUNCE_SECONDS,
    ON_THE_BROKER,
    AccessLevel,
    AntiPassback,
    Assurance,
    Competency,
    Device,
    DeviceKind,
    Door,
    EscortOrder,
    EscortRule,
    FaceEngine,
    Factor,
    FactorsOutside,
    FirstPerson,
    Holiday,
    Input,
    Interlock,
    Line,
    Liveness,
    LockKind,
    Output,
    Period,
    Reader,
    Rex,
    RexKind,
    Schedule,
    SecurityLevel,
    Side,
    ThreatLevel,
    Weekday,
    Zone,
)
from controller.site import boards, consumer, gates, kinds
from controller.site.errors import quoted
from controller.site.formats import CARD_FORMAT
from controller.site.kinds import Section
from controller.site.positions import Path
from controller.site.reading import Reading, Table

T = TypeVar("T")

ZONE = Section("zone", ZoneId, built_in=(OUTSIDE,))
LINE = Section("line", LineId)
DEVICE = Section("device", DeviceId)
DOOR = Section("door", DoorId)
READER = Section("reader", ReaderId)
CAMERA = Section("camera", CameraId)
SCHEDULE = Section("schedule", ScheduleId)
ACCESS_LEVEL = Section("access_level", AccessLevelId)
COMPETENCY = Section("competency", CompetencyId)
INTERLOCK = Section("interlock", InterlockId)
FIRE_ZONE = Section("fire_zone", FireZoneId)

BAUDS = (9_600, 19_200, 38_400, 57_600, 115_200, 230_400)  # those of OSDP, IEC 60839-11-5
_HIGHEST_ADDRESS = 126  # 127 is OSDP's broadcast address
HIGHEST_INDEX = kinds.HIGHEST_INDEX
_HIGHEST_CLEARANCE = 9
HIGHEST_THREAT = 9
_CORNERS = 3
_HIGHEST_OCCUPANCY = 100_000
_SECONDS_IN_MINUTE = 60.0
_DAY = 1440  # minutes
_TWO_PERSON_GRACE = 30.0  # seconds
_ESCORT_SECONDS = 30.0
_ESCORT_GRACE = 60.0  # seconds
_PRE_ALARM = 10.0  # seconds
_MS = 1000.0  # milliseconds in a second
_DEBOUNCE = kinds.number(20, 100, "milliseconds")
_HIGHEST_FACTOR = 5.0
_NO_LOCK = (LockKind.FAIL_SECURE, Output(DeviceId(""), None))  # stands in for a lock that could not be read

OUTSIDE_ZONE = Zone(
    id=OUTSIDE,
    name="Outside",
    level=SecurityLevel.UNRESTRICTED,
    factors=frozenset({Factor.CARD}),
    minimum_assurance=Assurance.COPYABLE,
    shape=(),
)


@dataclass(frozen=True, slots=True)
class Plate:
    """What stands on the mission's door plate: the ``[site]`` table."""

    id: str
    name: str
    timezone: ZoneInfo
    plan_size: tuple[float, float]
    holidays: Mapping[date, Holiday]
    debounce_seconds: float = DEBOUNCE_SECONDS
    extended_factor: float = gates.EXTENDED_FACTOR
    random_search_percent: float = 0.0
    face_engine: FaceEngine = FaceEngine.DLIB


NO_PLATE = Plate("", "", ZoneInfo("UTC"), (float("inf"), float("inf")), {})  # stands in for one that could not be read


def plate(table: Table) -> Plate:
    """``[site]``."""
    ident = Section("site", str).ident
    return Plate(
        id=table.need("id", ident, '"embassy"'),
        name=table.need("name", kinds.text, '"Embassy of ..."'),
        timezone=table.need("timezone", kinds.zone_info, '"Europe/Vienna"'),
        plan_size=table.need("plan", kinds.point, "[1200, 700]"),
        holidays=_holidays(table),
        debounce_seconds=table.want("debounce_ms", _DEBOUNCE, DEBOUNCE_SECONDS * _MS) / _MS,
        extended_factor=table.want("extended_factor", kinds.number(1, _HIGHEST_FACTOR), gates.EXTENDED_FACTOR),
        random_search_percent=table.want("random_search_percent", _PERCENT, 0.0),
        face_engine=table.want("face_engine", kinds.word(FaceEngine), FaceEngine.DLIB),
    )


def zone(table: Table) -> Zone:
    """``[[zone]]``."""
    passback = table.want("anti_passback", kinds.word(AntiPassback), AntiPassback.OFF)
    return Zone(
        id=table.need("id", ZONE.ident, '"lobby"'),
        name=table.need("name", kinds.text, '"Lobby"'),
        level=table.need("level", kinds.word(SecurityLevel), '"controlled"'),
        factors=table.want("factors", _factors, frozenset({Factor.CARD})),
        minimum_assurance=table.want("minimum_assurance", kinds.word(Assurance), Assurance.SYMMETRIC),
        shape=table.need("shape", kinds.many(kinds.point, _CORNERS), "[[0, 0], [100, 0], [100, 100]]"),
        anti_passback=passback,
        competencies=table.want("competencies", kinds.several(COMPETENCY.ref), frozenset()),
        factors_outside=table.want("factors_outside", kinds.nested(_factors_outside), None),
        card_or_pin=table.want("card_or_pin", kinds.flag, default=False),
        random_search_percent=table.want("random_search_percent", _PERCENT, 0.0),
        occupancy_limit=table.want("occupancy_limit", kinds.whole(1, _HIGHEST_OCCUPANCY, "people"), None),
        anti_passback_seconds=_SECONDS_IN_MINUTE * _minutes(table, passback),
        first_person=table.want("first_person", kinds.nested(_first_person), None),
        escort=table.want("escort", kinds.nested(_escort), None),
        visitors_sign_in=table.want("visitors_sign_in", kinds.flag, default=False),
        floor=table.want("floor", kinds.text, ""),
        **_two_person(table),
    )


def line(table: Table) -> Line:
    """``[[line]]``."""
    return Line(
        id=table.need("id", LINE.ident, '"line-a"'),
        port=table.need("port", kinds.text, '"/dev/ttyUSB0"'),
        baud=table.need("baud", kinds.one_of(BAUDS), "115200"),
        formats=_formats(table),
    )


def device(table: Table) -> Device:
    """``[[device]]``. An MQTT device's session with the broker is authenticated, so it counts as a secure channel;
    Modbus knows nothing of the kind."""
    kind = table.need("kind", kinds.word(DeviceKind), '"mqtt"')
    id_ = table.need("id", DEVICE.ident, '"lock-lobby-door"')
    on_line, on_broker = kind is DeviceKind.OSDP, kind in ON_THE_BROKER
    for key in _STRANGE_KEYS.get(kind, ()):
        table.forbid(key, f"{_A_DEVICE[kind]} has no {key.replace('_', ' ')}")
    kit = consumer.kit(table, id_, kind) if kind in CONSUMER else consumer.NO_KIT
    return Device(
        id=id_,
        name=table.want("name", kinds.text, str(id_)),
        kind=kind,
        side=table.need("side", kinds.word(Side), '"safe"'),
        line=table.need("line", LINE.ref, '"line-a"') if on_line else None,
        address=table.need("address", kinds.whole(0, _HIGHEST_ADDRESS), "0") if on_line else None,
        secure_channel=table.want("secure_channel", _secure_channel, default=True) if on_line else on_broker,
        board=boards.board(table) if kind is DeviceKind.MODBUS else None,
        topic=kit.topic,
        relocks_itself=kit.relocks_itself,
        formats=_formats(table),
    )


def _secure_channel(reading: Reading, path: Path, value: object) -> bool | None:
    """``"off"`` or ``"required"``; false and true say the same."""
    return value == "required" if value in ("off", "required") else kinds.flag(reading, path, value)


def door(table: Table) -> Door:
    """``[[door]]``."""
    sides = table.need("zones", kinds.several(ZONE.ref, 2), '["lobby", "chancery"]')
    example = '{ kind = "fail_secure", device = "lock-lobby-door" }'
    lock_kind, lock = table.need("lock", kinds.nested(_lock), example, otherwise=_NO_LOCK)
    open_seconds = table.want("open_seconds", kinds.number(1, 3600, "seconds"), 30.0)
    pre_alarm = min(_PRE_ALARM, open_seconds)
    unlocked = table.want("unlocked_schedule", SCHEDULE.ref, None)
    if unlocked is None:
        table.forbid("after_first_person", "only a door with an `unlocked_schedule` waits for its first person")
    return Door(
        id=table.need("id", DOOR.ident, '"lobby-door"'),
        name=table.need("name", kinds.text, '"Lobby door"'),
        zones=_two(table, sides),
        lock_kind=lock_kind,
        lock=lock,
        contact=table.want("contact", kinds.nested(_bouncing), None),
        bolt=table.want("bolt", kinds.nested(_bouncing), None),
        rex=table.want("rex", kinds.nested(_rex), None),
        free_egress=table.need("free_egress", kinds.flag, "true", "the way out of every door is stated, not guessed"),
        fire_zone=table.want("fire_zone", FIRE_ZONE.ref, None),
        unlock_seconds=table.want("unlock_seconds", kinds.number(1, 60, "seconds"), 5.0),
        open_seconds=open_seconds,
        pre_alarm_seconds=table.want("pre_alarm_seconds", kinds.number(0, 3600, "seconds"), pre_alarm),
        position=table.need("position", kinds.point, "[600, 400]"),
        **gates.gate(table, kinds.nested(_bouncing)),
        unlocked_schedule=unlocked,
        after_first_person=table.want("after_first_person", kinds.flag, default=False),
    )


def reader(table: Table) -> Reader:
    """``[[reader]]``."""
    return Reader(
        id=table.need("id", READER.ident, '"lobby-in"'),
        name=table.need("name", kinds.text, '"Lobby, way in"'),
        door=table.need("door", DOOR.ref, '"lobby-door"'),
        leaves=table.need("leaves", ZONE.ref, '"forecourt"'),
        enters=table.need("enters", ZONE.ref, '"lobby"'),
        device=table.need("device", DEVICE.ref, '"reader-lobby-in"'),
        keypad=table.want("keypad", kinds.flag, default=False),
        camera=table.want("camera", CAMERA.ref, None),
        factors=table.want("factors", _factors, frozenset()),
        challenge_seconds=table.want("challenge_seconds", kinds.number(3, 120, "seconds"), 15.0),
        card_or_pin=table.want("card_or_pin", kinds.flag, default=False),
        factors_outside=table.want("factors_outside", kinds.nested(_factors_outside), None),
        random_search_percent=table.want("random_search_percent", _PERCENT, 0.0),
        guard_seconds=table.want("guard_seconds", kinds.number(10, 300, "seconds"), 60.0),
        extended_challenge_seconds=gates.extended_challenge(table),
        liveness=table.want("liveness", kinds.word(Liveness), Liveness.OFF),
    )


def schedule(table: Table) -> Schedule:
    """``[[schedule]]``: either ``always = true`` or periods."""
    always = table.want("always", kinds.flag, default=False)
    if always:
        table.forbid("periods", "a schedule that always holds has no periods")
    example = '[{ days = ["mon"], start = "08:00", end = "18:00" }]'
    periods = () if always else table.need("periods", kinds.many(kinds.nested(_period), 1), example)
    return Schedule(
        id=table.need("id", SCHEDULE.ident, '"office"'),
        name=table.need("name", kinds.text, '"Office hours"'),
        always=always,
        periods=periods,
    )


def access_level(table: Table) -> AccessLevel:
    """``[[access_level]]``: at least one zone or door."""
    level = AccessLevel(
        id=table.need("id", ACCESS_LEVEL.ident, '"staff"'),
        name=table.need("name", kinds.text, '"Staff"'),
        zones=table.want("zones", kinds.several(ZONE.ref), frozenset()),
        doors=table.want("doors", kinds.several(DOOR.ref), frozenset()),
        schedule=table.need("schedule", SCHEDULE.ref, '"office"'),
        for_visitors=table.want("for_visitors", kinds.flag, default=False),
    )
    if table.whole and not level.zones and not level.doors:
        table.refuse("zones", "this access level grants nothing", "name zones or doors, or remove it")
    return level


def competency(table: Table) -> Competency:
    """``[[competency]]``."""
    return Competency(
        id=table.need("id", COMPETENCY.ident, '"first-aid"'), name=table.need("name", kinds.text, '"First aid"')
    )


def interlock(table: Table) -> Interlock:
    """``[[interlock]]``: at least two doors."""
    return Interlock(
        id=table.need("id", INTERLOCK.ident, '"mantrap"'),
        name=table.need("name", kinds.text, '"Mantrap"'),
        doors=table.need("doors", kinds.several(DOOR.ref, 2), '["outer-leaf", "inner-leaf"]'),
    )


def threat_level(table: Table) -> ThreatLevel:
    """``[[threat_level]]``."""
    return ThreatLevel(
        number=table.need("number", kinds.whole(0, HIGHEST_THREAT), "0"),
        name=table.need("name", kinds.text, '"Normal"'),
        locked_doors=table.want("locked_doors", kinds.several(DOOR.ref), frozenset()),
        minimum_clearance=table.want(
            "minimum_clearance", kinds.by_key(ZONE.ref, kinds.whole(0, _HIGHEST_CLEARANCE)), {}
        ),
        added_factors=table.want("added_factors", kinds.by_key(ZONE.ref, _factors), {}),
        allowed_kinds=table.want("allowed_kinds", kinds.several(kinds.word(CardholderKind), 1), None),
        allowed_levels=table.want("allowed_levels", kinds.several(ACCESS_LEVEL.ref, 1), None),
    )


def _formats(table: Table) -> tuple[str, ...]:
    nothing: tuple[str, ...] = ()
    known = table.want("formats", kinds.many(CARD_FORMAT.ref), nothing)
    for index, name in enumerate(known):
        if name in known[:index]:
            mend = "remove one of the two"
            table.reading.refuse((*table.path, "formats", index), f"{quoted(name)} stands twice", mend)
    return known


def _minutes(table: Table, passback: AntiPassback) -> float:
    """How long timed anti-passback refuses: of no other mode is it asked."""
    if passback is AntiPassback.TIMED:
        return table.need("anti_passback_minutes", kinds.number(1, _DAY, "minutes"), "10", otherwise=0.0)
    table.forbid("anti_passback_minutes", 'only `anti_passback = "timed"` has a time')
    return 0.0


class _TwoPerson(TypedDict):
    """The keys of a zone that holds nobody or at least two."""

    two_person: bool
    two_person_seconds: float | None
    two_person_grace_seconds: float


def _two_person(table: Table) -> _TwoPerson:
    """The times of a two-person zone: of no other are they asked."""
    asked = table.want("two_person", kinds.flag, default=False)
    if not asked:
        for key in ("two_person_seconds", "two_person_grace_seconds"):
            table.forbid(key, "only a zone with `two_person = true` has such a time")
        return _TwoPerson(two_person=False, two_person_seconds=None, two_person_grace_seconds=0.0)
    grace = table.want("two_person_grace_seconds", kinds.number(0, 3600, "seconds"), _TWO_PERSON_GRACE)
    seconds = table.want("two_person_seconds", kinds.number(3, 120, "seconds"), None)
    return _TwoPerson(two_person=True, two_person_seconds=seconds, two_person_grace_seconds=grace)


def _first_person(table: Table) -> FirstPerson:
    nobody: frozenset[AccessLevelId] = frozenset()
    levels = table.want("access_levels", kinds.several(ACCESS_LEVEL.ref), nobody)
    first = FirstPerson(levels, table.want("clearance", kinds.whole(0, _HIGHEST_CLEARANCE), 0))
    if table.whole and not first.levels and not first.clearance:
        table.refuse("access_levels", "anybody would do as the first", "name access levels, or a clearance above 0")
    return first


def _escort(table: Table) -> EscortRule:
    return EscortRule(
        order=table.want("order", kinds.word(EscortOrder), EscortOrder.EITHER),
        seconds=table.want("seconds", kinds.number(3, 300, "seconds"), _ESCORT_SECONDS),
        per_escort=table.want("visitors_per_escort", kinds.whole(1, _HIGHEST_OCCUPANCY, "visitors"), None),
        grace_seconds=table.want("grace_seconds", kinds.number(0, 3600, "seconds"), _ESCORT_GRACE),
    )


def _holidays(table: Table) -> Mapping[date, Holiday]:
    nothing: tuple[Holiday, ...] = ()
    read = table.want("holidays", kinds.many(kinds.nested(_holiday)), nothing)
    days: dict[date, int] = {}
    for index, holiday in enumerate(read):
        first = days.setdefault(holiday.day, index)
        if first != index:
            line_, _ = table.reading.positions.find((*table.path, "holidays", first))
            problem = f"{holiday.day} stands twice, first on line {line_}"
            table.reading.refuse((*table.path, "holidays", index), problem, "remove one of the two")
    return {holiday.day: holiday for holiday in read}


def _holiday(table: Table) -> Holiday:
    return Holiday(
        day=table.need("day", kinds.day, "2027-01-01"), name=table.need("name", kinds.text, '"New Year\'s Day"')
    )


def _period(table: Table) -> Period:
    period = Period(
        days=table.need("days", kinds.several(kinds.word(Weekday), 1), '["mon", "tue"]'),
        start=table.need("start", kinds.clock, '"08:00"'),
        end=table.need("end", kinds.clock, '"18:00"'),
        on_holidays=table.want("on_holidays", kinds.flag, default=False),
    )
    if table.whole and period.start == period.end:
        mend = 'for a whole day write two periods, "00:00" to "12:00" and "12:00" to "00:00"'
        table.refuse("end", "the period ends when it starts", mend)
    return period


def _two(table: Table, zones: frozenset[ZoneId] | None) -> tuple[ZoneId, ZoneId]:
    """The door's zones in the file's order."""
    written = table.values.get("zones")
    if zones is None or not isinstance(written, list):
        return OUTSIDE, OUTSIDE
    if len(written) != 2:
        table.refuse("zones", f"a door joins two zones, {len(written)} are named", "name the two sides of the door")
        return OUTSIDE, OUTSIDE
    return ZoneId(written[0]), ZoneId(written[1])


def _factors_outside(table: Table) -> FactorsOutside:
    return FactorsOutside(
        schedule=table.need("schedule", SCHEDULE.ref, '"office"'),
        factors=table.need("factors", kinds.several(kinds.word(Factor), 1), '["pin"]'),
    )


def _lock(table: Table) -> tuple[LockKind, Output]:
    index = table.want("output", kinds.whole(0, HIGHEST_INDEX), None)
    device_id = table.need("device", DEVICE.ref, '"lock-lobby-door"')
    return table.need("kind", kinds.word(LockKind), '"fail_secure"'), Output(device_id, index)


def wired_input(table: Table) -> Input:
    """``device`` and ``input``: one supervised input of a device."""
    index = table.want("input", kinds.whole(0, HIGHEST_INDEX), None)
    analogue = table.want("analogue", kinds.whole(0, HIGHEST_INDEX), None)
    if index is not None and analogue is not None:
        table.refuse("analogue", "a wire ends at an input or at an analogue register, not at both", "remove one")
    device_id = table.need("device", DEVICE.ref, '"lock-lobby-door"')
    return Input(device_id, index, analogue=analogue)


def _bouncing(table: Table) -> Input:
    """An input that says itself, in ``debounce_ms``, how long a new state must last to count."""
    milliseconds = table.want("debounce_ms", _DEBOUNCE, None)
    return replace(wired_input(table), debounce_seconds=None if milliseconds is None else milliseconds / _MS)


def _rex(table: Table) -> Rex:
    return Rex(kind=table.need("kind", kinds.word(RexKind), '"shunt_only"'), input=_bouncing(table))


_A_DEVICE: Mapping[DeviceKind, str] = {kind: f"a device of kind {kind}" for kind in DeviceKind} | {
    DeviceKind.MQTT: "an MQTT device"
}
_STRANGE_KEYS: Mapping[DeviceKind, tuple[str, ...]] = {
    DeviceKind.MQTT: ("line", "address", "secure_channel"),
    DeviceKind.MODBUS: ("line", "secure_channel", "formats"),
} | dict.fromkeys(CONSUMER, ("line", "address", "secure_channel", "formats"))
"""Keys that other devices have, and this kind has not: named, so that the refusal says so."""

_PERCENT = kinds.number(0, 100, "percent")
_factors = kinds.several(kinds.word(Factor))
