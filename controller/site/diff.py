"""Two policies compared in meaning, not in lines: one sentence for each thing that becomes another one.

Nothing is passed over: a field without words of its own is told by its name and both values. Two files without a
sentence between them are the same policy, whatever their order, spaces and comments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from datetime import time
from enum import IntEnum
from itertools import groupby
from typing import Any

from controller.domain.heads import Head
from controller.domain.ids import OUTSIDE, CardholderId, ZoneId
from controller.domain.people import CredentialStatus
from controller.domain.site import AccessLevel, FaceEngine, Factor, FactorsOutside, Period, Schedule, Site, Weekday
from controller.site.people import PersonRow

SECTIONS = {
    "zones": "zone",
    "doors": "door",
    "readers": "reader",
    "cameras": "camera",
    "lines": "line",
    "buses": "bus",
    "devices": "device",
    "schedules": "schedule",
    "holidays": "holiday",
    "access_levels": "access level",
    "threat_levels": "threat level",
    "interlocks": "interlock",
    "competencies": "competency",
    "points": "point",
    "outputs": "output",
    "invariants": "invariant",
    "fire_zones": "fire zone",
    "areas": "intrusion area",
    "causes": "cause",
    "card_formats": "card format",
    "safe_points": "safe point",
}
"""What one row of each of the site's maps is called; any other map goes by its own name."""

LETS_IN = frozenset({"allowed_kinds", "allowed_levels"})
BY_ROLE = {"live": "watched by", "playback": "played back by", "turned_by": "turned by"}
"""Lists of roles; where there is none, everybody may whose role does."""
ON_THE_PLAN = frozenset({"shape", "position", "plan_size", "floor"})
VERBS = {
    "factors": ("now asks for", "no longer asks for"),
    "added_factors": ("now asks for", "no longer asks for"),
    "locked_doors": ("now locks", "no longer locks"),
}
"""How a set grows and shrinks, where "now also" and "no longer" would not say what it does."""

FACTOR_WORDS = {
    Factor.GUARD: "a guard's look",
    Factor.CARD: "a badge",
    Factor.PIN: "a PIN",
    Factor.FACE: "a face",
    Factor.SECOND_PERSON: "a second person",
    Factor.ESCORT: "an escort",
}
DAYS = dict(zip(Weekday, ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), strict=True))
LONG_DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


def compare(old: Site, new: Site) -> list[str]:
    """Return what is another thing in ``new``, in the order of the file. Empty: the same policy."""
    sentences: list[str] = []
    for field in fields(Site):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if field.name == "digest" or before == after:
            continue
        if isinstance(before, Mapping):
            sentences += _rows(SECTIONS.get(field.name, field.name.replace("_", " ")), before, after)
        else:
            sentences += _field("site", field.name, before, after)
    return sentences


def people_affected(old: Site, new: Site, people: Sequence[PersonRow]) -> list[str]:
    """Return how many people more or less may enter each zone, by day: by right, whatever else a door asks for."""
    sentences = []
    for zone in [*new.zones, *(zone for zone in old.zones if zone not in new.zones)]:
        if zone == OUTSIDE:  # going outside takes no right
            continue
        days = [(day, _entitled(old, people, zone, day), _entitled(new, people, zone, day)) for day in Weekday]
        moves = [(day, len(after - before), len(before - after)) for day, before, after in days]
        for (more, fewer), same in groupby(sorted(moves, key=lambda m: (m[1:], m[0])), key=lambda move: move[1:]):
            when = _days([day for day, _, _ in same])
            name = (new.zones.get(zone) or old.zones[zone]).name
            sentences += [f"{_people(more, 'more')} may enter {name} {when}"] if more else []
            sentences += [f"{_people(fewer, 'fewer')} may enter {name} {when}"] if fewer else []
    return sentences


def _rows(noun: str, old: Mapping[Any, Any], new: Mapping[Any, Any]) -> Iterator[str]:
    for key in [*new, *(key for key in old if key not in new)]:
        row = f"{noun} {_text(key)}"
        if key not in old:
            yield f"{row}: new ({new[key].name})"
        elif key not in new:
            yield f"{row}: gone ({old[key].name})"
        elif old[key] != new[key]:
            for field in fields(new[key]):
                yield from _field(row, field.name, getattr(old[key], field.name), getattr(new[key], field.name))


def _field(row: str, name: str, old: Any, new: Any) -> Iterator[str]:
    if old == new:
        return
    if name in BY_ROLE:
        yield f"{row}: {BY_ROLE[name]} {_roles(new)} (was {_roles(old)})"
    elif isinstance(old, Head) and isinstance(new, Head):
        for field in fields(new):
            yield from _field(f"{row}, {name}", field.name, getattr(old, field.name), getattr(new, field.name))
    else:
        yield from _changed(row, name, old, new)


def _changed(row: str, name: str, old: Any, new: Any) -> Iterator[str]:
    if name in LETS_IN:
        yield f"{row}: now lets in {_anybody(new)} (was {_anybody(old)})"
    elif name == "unlocked_schedule":
        stays = f"stands unlocked to everybody during {_text(new)}" if new else "no longer stands unlocked to anybody"
        yield f"{row}: {stays} (was {_text(old)})"
    elif name == "face_engine":
        again = "" if old is FaceEngine.FUSION else f"; whoever was enrolled for {_text(old)} only is enrolled anew"
        yield f"{row}: faces are compared by {_text(new)} (was {_text(old)}){again}"
    elif name in ON_THE_PLAN:
        yield f"{row}: stands elsewhere on the plan"
    elif isinstance(new, Set):
        yield from _sets(row, VERBS.get(name, ("now also", "no longer")), old, new)
    elif isinstance(new, Mapping):
        for key in sorted({*old, *new}, key=str):
            yield from _entry(row, name, key, old.get(key), new.get(key))
    else:
        yield f"{row}: {name.replace('_', ' ')} now {_text(new)} (was {_text(old)})"


def _entry(row: str, name: str, key: Any, old: Any, new: Any) -> Iterator[str]:
    """One entry of a threat level's map: what it asks for in one zone."""
    if isinstance(old, Set) or isinstance(new, Set):
        yield from _sets(f"{row}, {key}", VERBS.get(name, ("now also", "no longer")), old or (), new or ())
    else:
        yield from _field(f"{row}, {key}", name, old, new)


def _sets(row: str, verbs: tuple[str, str], old: Iterable[Any], new: Iterable[Any]) -> Iterator[str]:
    more, less = set(new) - set(old), set(old) - set(new)
    parts = [f"{verb} {_text(frozenset(items))}" for verb, items in zip(verbs, (more, less), strict=True) if items]
    if parts:
        yield f"{row}: {'; '.join(parts)}"


def _anybody(value: Any) -> str:
    return "anybody with the right" if value is None else f"only {_text(value)}"


def _roles(value: Any) -> str:
    return "everybody whose role does" if value is None else _text(value) or "nobody"


def _text(value: Any) -> str:
    """Return a value as it stands in a sentence."""
    match value:
        case Period():
            return _period(value)
        case FactorsOutside():
            return f"{_text(value.factors)} outside {value.schedule}"
        case Set():
            return ", ".join(sorted(map(_text, value)))
        case Mapping():
            return ", ".join(f"{_text(key)} {_text(each)}" for key, each in sorted(value.items()))
        case tuple():
            return "; ".join(map(_text, value)) or "none"
    if is_dataclass(value):
        told = ((field.name, getattr(value, field.name)) for field in fields(value))
        return " ".join(f"{name} {_text(each)}" for name, each in told if each is not None)
    return _word(value)


def _word(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case Factor():
            return FACTOR_WORDS[value]
        case IntEnum():
            return value.name.lower()
        case float():
            return f"{value:g}"
        case time():
            return value.isoformat("minutes")
    return str(value)


def _period(period: Period) -> str:
    days = ", ".join(DAYS[day] for day in sorted(period.days))
    holidays = ", also on holidays" if period.on_holidays else ""
    return f"{days} {_text(period.start)}-{_text(period.end)}{holidays}"


def _entitled(site: Site, people: Sequence[PersonRow], zone: ZoneId, day: Weekday) -> set[CardholderId]:
    doors = {reader.door for reader in site.readers.values() if reader.enters == zone}
    levels = {
        level.id
        for level in site.access_levels.values()
        if _covers(level, zone, doors) and _holds_on(site.schedules[level.schedule], day)
    }
    return {row.id for row in people if row.status is CredentialStatus.ACTIVE and row.levels & levels}


def _covers(level: AccessLevel, zone: ZoneId, doors: Set[Any]) -> bool:
    return zone in level.zones or bool(level.doors & doors)


def _holds_on(schedule: Schedule, day: Weekday) -> bool:
    """Tell whether a schedule holds at some time of a day; a night that began the day before counts."""
    night_before = Weekday((day - 1) % len(Weekday))
    return schedule.always or any(
        day in period.days or (period.end <= period.start and period.end != time() and night_before in period.days)
        for period in schedule.periods
    )


def _days(days: Sequence[Weekday]) -> str:
    names = [LONG_DAYS[day] for day in days]
    if len(names) == len(Weekday):
        return "on any day"
    return f"on {names[0]}" if len(names) == 1 else f"on {', '.join(names[:-1])} and {names[-1]}"


def _people(count: int, word: str) -> str:
    return f"1 person {word}" if count == 1 else f"{count} {word} people"
