"""What causes what in a site file: ``[[cause]]`` and ``[escalation]``, and the rules on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from controller.domain.alarms import AlarmKind
from controller.domain.causes import (
    Action,
    AlarmStands,
    AreaIs,
    Cause,
    CauseFires,
    Condition,
    Consequence,
    DoorAction,
    DoorEffect,
    Escalation,
    LockdownEffect,
    LockdownRuns,
    OutputEffect,
    PointIs,
    Reset,
    ThreatAtLeast,
)
from controller.domain.ids import CauseId
from controller.domain.points import AUDIBLE, AreaMode, PointCondition
from controller.domain.site import Site
from controller.site import guarding, kinds, sections
from controller.site.errors import quoted
from controller.site.kinds import Section
from controller.site.positions import Path
from controller.site.reading import Kind, Reading, Table
from controller.site.wiring import Finding

CAUSE = Section("cause", CauseId)

_WHENS = ("point", "alarm", "area", "threat_level", "lockdown", "cause")
_THENS = ("output", "door", "lockdown")
_EASIER = ("unlocked", "unlock", "fire_release", "release", "open")
_LONGEST_DELAY = 3600.0
_LONGEST_RESET = 24 * 3600.0
_LONGEST_PULSE = 600.0


def cause(table: Table) -> Cause:
    """``[[cause]]``."""
    reset = table.want("reset", kinds.word(Reset), Reset.CAUSE_ENDS)
    after = None
    if reset is Reset.AFTER:
        after = table.need("reset_seconds", kinds.number(1, _LONGEST_RESET, "seconds"), "60")
    else:
        table.forbid("reset_seconds", 'only `reset = "after"` has a time')
    # mypy joins the members of a union to `object` here
    when = cast(Condition, table.need("when", _condition, '{ alarm = "intrusion" }'))
    then = cast(Consequence, table.need("then", _consequence, '{ output = "siren", action = "on" }'))
    return Cause(
        id=table.need("id", CAUSE.ident, '"siren-at-intrusion"'),
        name=table.need("name", kinds.text, '"Siren at an intrusion"'),
        when=when,
        then=then,
        delay_seconds=table.want("delay_seconds", kinds.number(0, _LONGEST_DELAY, "seconds"), 0.0),
        reset=reset,
        reset_seconds=after,
    )


def escalation(table: Table) -> Escalation:
    """``[escalation]``."""
    return Escalation(
        after_seconds=table.need("after_seconds", kinds.number(5, _LONGEST_DELAY, "seconds"), "60"),
        outputs=table.need("outputs", kinds.many(guarding.OUTPUT.ref, 1), '["siren-second-post"]'),
    )


def nothing_causes_itself(site: Site) -> Iterator[Finding]:
    """Causes lead to no cause that leads back to them: such a circle would never come to rest."""
    leads_to = {
        one.id: [other.id for other in site.causes.values() if _leads(one, other)] for one in site.causes.values()
    }
    for start in site.causes:
        circle = _circle(leads_to, start)
        if circle and start == min(circle):
            words = " causes ".join(quoted(one) for one in (*circle, start))
            yield Finding(("cause", start, "when"), f"{words}: a circle", "let one of them wait for something else")


def nothing_silences_an_alarm(site: Site) -> Iterator[Finding]:
    """What an area or an escalation sounds, no cause switches off: somebody has to look."""
    sirens = {siren for area in site.areas.values() for siren in area.sirens}
    sirens |= set(site.escalation.outputs if site.escalation else ())
    for one in site.causes.values():
        if isinstance(one.then, OutputEffect) and one.then.action is Action.OFF and one.then.output in sirens:
            problem = f"would silence {quoted(one.then.output)}, which sounds for an alarm"
            yield Finding(("cause", one.id, "then"), problem, "disarming or acknowledging silences it; drop this cause")


def silent_stays_silent(site: Site) -> Iterator[Finding]:
    """Whoever presses a silent panic button is not given away."""
    for one in site.causes.values():
        point = site.points.get(one.when.point) if isinstance(one.when, PointIs) else None
        output = site.outputs.get(one.then.output) if isinstance(one.then, OutputEffect) else None
        if point and point.silent and output and output.kind in AUDIBLE:
            problem = f"{quoted(point.id)} is silent, and {quoted(output.id)} would give away whoever pressed it"
            yield Finding(("cause", one.id, "then"), problem, "name a relay, or drop `silent = true`")


def _when(table: Table) -> Condition:
    what = _one_of(table, _WHENS, 'write one thing, such as { point = "pir-hall", state = "active" }')
    match what:
        case "point":
            return PointIs(
                table.need("point", guarding.POINT.ref, '"pir-hall"'),
                table.want("state", _state, PointCondition.ACTIVE),
            )
        case "alarm":
            return AlarmStands(
                table.need("alarm", kinds.word(AlarmKind), '"intrusion"'),
                door=table.want("door", sections.DOOR.ref, None),
                point=table.want("point", guarding.POINT.ref, None),
                area=table.want("area", guarding.AREA.ref, None),
            )
        case "area":
            return AreaIs(
                table.need("area", guarding.AREA.ref, '"chancery"'),
                table.want("mode", kinds.word(AreaMode), AreaMode.ALARM),
            )
        case "threat_level":
            return ThreatAtLeast(table.need("threat_level", kinds.whole(1, sections.HIGHEST_THREAT), "2"))
        case "cause":
            return CauseFires(table.need("cause", CAUSE.ref, '"siren-at-intrusion"'))
        case _:
            table.want("lockdown", _true, default=True)
            return LockdownRuns()


def _then(table: Table) -> Consequence:
    what = _one_of(table, _THENS, 'write one thing, such as { output = "siren", action = "on" }')
    match what:
        case "output":
            action = table.want("action", kinds.word(Action), Action.ON)
            seconds = None
            if action is Action.PULSE:
                seconds = table.need("seconds", kinds.number(0.1, _LONGEST_PULSE, "seconds"), "5")
            else:
                table.forbid("seconds", "only a pulse has a length; `reset` ends what is switched on")
            return OutputEffect(table.need("output", guarding.OUTPUT.ref, '"siren"'), action, seconds)
        case "door":
            return DoorEffect(
                table.need("door", sections.DOOR.ref, '"lobby-door"'), table.need("mode", _stricter, '"blocked"')
            )
        case _:
            table.want("lockdown", _true, default=True)
            return LockdownEffect()


def _one_of(table: Table, keys: tuple[str, ...], mend: str) -> str:
    """Return which of these keys a table has: exactly one, or, for ``alarm``, the alarm and where it is."""
    there = [key for key in keys if key in table.values]
    if "alarm" in there:
        there = [key for key in there if key not in ("point", "area")]
    if len(there) == 1:
        return there[0]
    table.whole = False
    table.reading.refuse(table.path, "names two things at once" if there else "names nothing", mend)
    for key in table.values:  # one mistake, told once
        table.want(key, _whatever, None)
    return "lockdown"


def _whatever(_reading: Reading, _path: Path, value: object) -> object:
    return value


def _stricter(reading: Reading, path: Path, value: object) -> DoorAction | None:
    """``secured`` or ``blocked``: no cause makes any door easier."""
    if value in _EASIER:
        problem = "would unlock a door by itself: no cause makes any door easier"
        reading.refuse(path, problem, 'write "secured" or "blocked"; a fire zone releases ways out')
        return None
    return kinds.word(DoorAction)(reading, path, value)


def _state(reading: Reading, path: Path, value: object) -> PointCondition | None:
    if value == PointCondition.UNKNOWN:
        reading.refuse(path, "nobody knows when a point is unknown", "an offline alarm tells that; name another state")
        return None
    return kinds.word(PointCondition)(reading, path, value)


def _true(reading: Reading, path: Path, value: object) -> bool | None:
    if value is True:
        return True
    reading.refuse(path, "only true says anything here", "write true, or leave it out")
    return None


def _leads(one: Cause, other: Cause) -> bool:
    """Tell whether one cause's effect is what the other waits for."""
    if isinstance(other.when, CauseFires):
        return other.when.cause == one.id
    if not isinstance(one.then, LockdownEffect):
        return False
    late = isinstance(other.when, AlarmStands) and other.when.kind is AlarmKind.LOCKDOWN_INCOMPLETE
    return late or isinstance(other.when, LockdownRuns)


def _circle(leads_to: Mapping[CauseId, list[CauseId]], start: CauseId) -> tuple[CauseId, ...]:
    """Return a way from ``start`` back to it; empty where there is none."""
    ways: list[tuple[CauseId, ...]] = [(start,)]
    seen: set[CauseId] = set()
    while ways:
        way = ways.pop()
        for after in leads_to.get(way[-1], []):
            if after == start:
                return way
            if after not in seen:
                seen.add(after)
                ways.append((*way, after))
    return ()


_condition: Kind[Condition] = kinds.nested(_when)
_consequence: Kind[Consequence] = kinds.nested(_then)
