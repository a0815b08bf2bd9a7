"""TOML in, a frozen site out, or every reason why not."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path as FilePath
from typing import TypeVar

from controller.domain.causes import Escalation
from controller.domain.console import ConsoleRules
from controller.domain.faces import FaceRules
from controller.domain.filming import Recording
from controller.domain.home_assistant import HomeAssistant
from controller.domain.ids import OUTSIDE
from controller.domain.integrations import Integrations
from controller.domain.site import Site
from controller.site import (
    asking,
    boards,
    causes,
    consoles,
    consumer,
    faces,
    filming,
    formats,
    gates,
    gathering,
    guarding,
    heads,
    home_assistant,
    integrations,
    invariants,
    kinds,
    passage,
    safety,
    sections,
    standing,
    watching,
    wiring,
)
from controller.site.errors import SiteError, SiteErrors, quoted, suggest
from controller.site.keeping import retention
from controller.site.positions import Path, Position, Positions, locate
from controller.site.reading import Reading, Table
from controller.site.wiring import Finding

T = TypeVar("T")

_ROWS = (
    "card_format",
    "zone",
    "line",
    "bus",
    "device",
    "camera",
    "door",
    "reader",
    "schedule",
    "access_level",
    "competency",
    "interlock",
    "threat_level",
    "point",
    "output",
    "invariant",
    "fire_zone",
    "intrusion_area",
    "cause",
    "safe_point",
)
_TABLES = (
    *("site", "console", "escalation", "retention", "recording", "faces"),
    *(home_assistant.TABLE, integrations.TABLE),
)
_ID_KEYS = {"threat_level": "number"}
_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")
_BARE_CLOCK = re.compile(r"[=,\[]\s*\d\d:\d\d(?!:)")
_MAX_BYTES = 4_000_000

_RULES: tuple[Callable[[Site], Iterator[Finding]], ...] = (
    wiring.wires_fit_their_device,
    wiring.nothing_wired_twice,
    wiring.readers_stand_at_their_door,
    wiring.readers_know_their_cards,
    formats.no_length_is_ambiguous,
    formats.readers_read_what_their_zone_asks_for,
    wiring.cameras_look_at_whoever_asks,
    wiring.plan_holds_everything,
    wiring.every_zone_has_a_floor,
    safety.locks_hang_on_the_safe_side,
    safety.clear_lines_guard_nothing,
    safety.the_badge_comes_first,
    safety.readers_can_ask,
    faces.liveness_can_be_asked,
    safety.everyone_gets_out,
    safety.rex_that_unlocks_is_the_locks_own,
    safety.copies_open_nothing_that_matters,
    safety.warnings_come_before_alarms,
    safety.threat_levels_ascend,
    safety.normal_exists,
    asking.hours_end,
    asking.pins_alone_open_little,
    passage.whoever_is_held_to_it_can_badge_out,
    passage.leaves_of_an_interlock_are_seen,
    guarding.clear_lines_warn_of_nothing,
    invariants.invariants_name_what_there_is,
    gates.machines_crush_nobody,
    gates.turnstiles_count,
    gates.more_time_is_not_less,
    filming.pictures_are_kept_no_longer,
    filming.cameras_see_their_doors,
    heads.heads_know_their_presets,
    heads.heads_are_turned_by_who_turns_cameras,
    heads.masks_do_not_stay_behind,
    heads.heads_have_a_wire_to_themselves,
    watching.lines_have_two_sides,
    watching.cameras_count_at_doors_that_are_seen,
    watching.cameras_that_tell_can_be_asked,
    standing.unlocked_doors_guard_little,
    standing.unlocked_doors_hang_on_the_safe_side,
    standing.first_persons_are_seen,
    standing.fire_lines_are_the_panels,
    standing.fires_are_listened_to,
    guarding.points_stand_in_their_area,
    guarding.nobody_disarms_an_exclusion_zone_by_badge,
    guarding.the_last_one_out_can_be_seen,
    causes.nothing_causes_itself,
    causes.nothing_silences_an_alarm,
    causes.silent_stays_silent,
    integrations.only_targets_hear_of_people,
    boards.boards_end_their_pulses,
    boards.buses_belong_to_us,
    boards.buses_keep_pace,
    boards.boards_do_what_boards_can,
    consumer.consumer_kit_guards_little,
    consumer.consumer_kit_is_no_way_out,
    consumer.consumer_kit_reads_no_cards,
    consumer.consumer_locks_relock,
    consumer.recorders_see_points_alone,
    consumer.topics_are_their_own,
    home_assistant.home_assistant_orders_little,
    home_assistant.home_assistant_is_nobody_else,
    passage.two_fit_where_two_are_needed,
    passage.escorts_are_asked_of_visitors,
)


def load_site(path: FilePath) -> Site:
    """The site that a TOML file describes. Raises SiteErrors with everything that is wrong with it."""
    return parse_site(read_bytes(path), str(path))


def read_bytes(path: FilePath) -> bytes:
    """A file's bytes. Raises SiteErrors where there is no such file."""
    try:
        return path.read_bytes()
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
        raise SiteErrors([SiteError(str(path), 1, 1, "", problem, "name a file that exists and may be read")]) from None


def parse_site(data: bytes, name: str, *, logged: bool = False) -> Site:
    """The site that ``data`` (TOML, UTF-8) describes; ``name`` is the file that errors speak of. Raises SiteErrors.

    ``logged``: it was in force already, before there were sheets maybe, and a box starts with it all the same.
    """
    document = _parse(data, name)
    reading = Reading(name, locate(data))
    rows = {section: _rows(reading, document, section) for section in _ROWS}
    _declare(reading, rows)
    _refuse_strangers(reading, document)
    site = formats.with_line_formats(_read(reading, document, rows, hashlib.sha256(data).hexdigest()))
    for rule in _RULES if logged else (*_RULES, filming.sheets_are_whole):
        for finding in rule(site):
            reading.refuse(_row_path(reading, finding.at), finding.problem, finding.mend)
    if reading.errors:
        raise SiteErrors(reading.errors)
    return site


def _parse(data: bytes, name: str) -> Mapping[str, object]:
    if len(data) > _MAX_BYTES:
        raise _invalid(name, (1, 1), "the file is too large for a site", f"keep it below {_MAX_BYTES} bytes")
    try:
        return tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _invalid(name, (line, 1), "is not UTF-8", "save the file as UTF-8") from None
    except RecursionError:
        raise _invalid(name, (1, 1), "is nested too deeply", "no value here needs more than five brackets") from None
    except ValueError as error:  # TOMLDecodeError, and the numbers that Python refuses to read
        raise _bad_toml(data, name, str(error)) from None


def _bad_toml(data: bytes, name: str, message: str) -> SiteErrors:
    twice = locate(data).twice if message.startswith("Cannot") else ()
    if twice:
        return SiteErrors(_doubled(name, *each) for each in twice)
    lines = data.decode("utf-8").splitlines() or [""]
    place = _PLACE.search(message)
    line, column = (int(place[1]), int(place[2])) if place else (len(lines), 1)
    mend = "see the TOML 1.0 rules: texts in double quotes, true and false in lower case, lists in [ ]"
    if line <= len(lines) and _BARE_CLOCK.search(lines[line - 1]):
        mend = 'put times of day in quotes: "22:00"'
    return _invalid(name, (line, column), f"invalid TOML: {_PLACE.sub('', message)}", mend)


def _doubled(name: str, path: Path, first: Position, second: Position) -> SiteError:
    where = Reading(name, Positions()).name(path)
    return SiteError(name, *second, where, f"stands twice, first on line {first[0]}", "remove one of the two")


def _invalid(name: str, position: Position, problem: str, mend: str) -> SiteErrors:
    return SiteErrors([SiteError(name, *position, "", problem, mend)])


def _rows(reading: Reading, document: Mapping[str, object], section: str) -> dict[int, Mapping[str, object]]:
    """The rows of one array of tables by their index."""
    raw = document.get(section, [])
    if isinstance(raw, list) and all(isinstance(row, dict) for row in raw):
        return dict(enumerate(raw))
    reading.refuse((section,), "wrong type: rows are asked for", f"begin each row with [[{section}]]")
    return {}


def _declare(reading: Reading, rows: Mapping[str, dict[int, Mapping[str, object]]]) -> None:
    """Collect the ids of all sections, and refuse those that stand twice."""
    reading.declared = {section: _ids(section, rows[section]) for section in _ROWS}
    for section, table in rows.items():
        key = _ID_KEYS.get(section, "id")
        for index, row in table.items():
            first = reading.declared[section].get(str(row.get(key)), index)
            if first != index:
                line, _ = reading.positions.find((section, first, key))
                problem = f"the {key} {quoted(str(row[key]))} stands twice, first on line {line}"
                reading.refuse((section, index, key), problem, f"give one of the two another {key}")


def _ids(section: str, rows: Mapping[int, Mapping[str, object]]) -> dict[str, int]:
    ids: dict[str, int] = {}
    for index, row in rows.items():
        id_ = row.get(_ID_KEYS.get(section, "id"))
        if isinstance(id_, str | int):
            ids.setdefault(str(id_), index)
    return ids


def _refuse_strangers(reading: Reading, document: Mapping[str, object]) -> None:
    for key in document:
        if key not in {*_TABLES, *_ROWS}:
            reading.refuse((key,), f"unknown table {quoted(key)}", suggest(key, (*_TABLES, *_ROWS)))


def _read(
    reading: Reading,
    document: Mapping[str, object],
    rows: Mapping[str, dict[int, Mapping[str, object]]],
    digest: str,
) -> Site:
    """The site as far as it could be read: rows that are wrong, or the second of their id, are left out."""

    def whole(section: str, build: Callable[[Table], T]) -> list[T]:
        read = {index: kinds.nested(build)(reading, (section, index), row) for index, row in rows[section].items()}
        return [row for index in reading.declared[section].values() if (row := read[index]) is not None]

    plate = kinds.nested(sections.plate)(reading, ("site",), document.get("site", {})) or sections.NO_PLATE
    factor = plate.extended_factor
    return Site(
        id=plate.id,
        name=plate.name,
        timezone=plate.timezone,
        plan_size=plate.plan_size,
        zones={OUTSIDE: sections.OUTSIDE_ZONE} | {zone.id: zone for zone in whole("zone", sections.zone)},
        doors={door.id: gates.with_extended_times(door, factor) for door in whole("door", sections.door)},
        readers={r.id: gates.with_extended_challenge(r, factor) for r in whole("reader", sections.reader)},
        cameras={camera.id: camera for camera in whole("camera", filming.camera)},
        lines={line.id: line for line in whole("line", sections.line)},
        devices={device.id: device for device in whole("device", sections.device)},
        schedules={schedule.id: schedule for schedule in whole("schedule", sections.schedule)},
        holidays=plate.holidays,
        random_search_percent=plate.random_search_percent,
        face_engine=plate.face_engine,
        access_levels={level.id: level for level in whole("access_level", sections.access_level)},
        threat_levels={level.number: level for level in whole("threat_level", sections.threat_level)},
        digest=digest,
        interlocks={group.id: group for group in whole("interlock", sections.interlock)},
        competencies={one.id: one for one in whole("competency", sections.competency)},
        retention=kinds.nested(retention)(reading, ("retention",), document.get("retention", {})) or {},
        points={point.id: point for point in whole("point", guarding.point)},
        outputs={output.id: output for output in whole("output", guarding.output)},
        invariants={one.id: one for one in whole("invariant", invariants.invariant)},
        debounce_seconds=plate.debounce_seconds,
        fire_zones={zone.id: zone for zone in whole("fire_zone", standing.fire_zone)},
        areas={area.id: area for area in whole("intrusion_area", guarding.intrusion_area)},
        causes={cause.id: cause for cause in whole("cause", causes.cause)},
        escalation=_escalation(reading, document),
        safe_points={point.id: point for point in whole("safe_point", gathering.safe_point)},
        console=kinds.nested(consoles.console)(reading, ("console",), document.get("console", {})) or ConsoleRules(),
        card_formats={own.id: own for own in whole("card_format", formats.card_format)},
        recording=_recording(reading, document),
        buses={bus.id: bus for bus in whole("bus", boards.bus)},
        home_assistant=_home_assistant(reading, document),
        integrations=_integrations(reading, document),
        faces=kinds.nested(faces.faces)(reading, ("faces",), document.get("faces", {})) or FaceRules(),
    )


def _escalation(reading: Reading, document: Mapping[str, object]) -> Escalation | None:
    raw = document.get("escalation")
    return None if raw is None else kinds.nested(causes.escalation)(reading, ("escalation",), raw)


def _home_assistant(reading: Reading, document: Mapping[str, object]) -> HomeAssistant | None:
    raw = document.get(home_assistant.TABLE)
    return None if raw is None else kinds.nested(home_assistant.home_assistant)(reading, (home_assistant.TABLE,), raw)


def _integrations(reading: Reading, document: Mapping[str, object]) -> Integrations:
    raw = document.get(integrations.TABLE, {})
    return kinds.nested(integrations.integrations)(reading, (integrations.TABLE,), raw) or Integrations()


def _recording(reading: Reading, document: Mapping[str, object]) -> Recording:
    read = kinds.nested(filming.recording)(reading, ("recording",), document.get("recording", {}))
    return read or Recording()


def _row_path(reading: Reading, at: Path) -> Path:
    """A rule names a row by its id, a position by its index."""
    section, *rest = at
    if not rest or section in _TABLES:
        return at
    return (section, reading.declared[str(section)][str(rest[0])], *rest[1:])
