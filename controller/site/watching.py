"""What cameras look for: points that a camera sees, what of its picture counts, and the doors it counts people at."""

from __future__ import annotations

from collections.abc import Iterator

from controller.domain.filming import CountedDoor, MotionSettings, Sensitivity
from controller.domain.heads import HeadDriver
from controller.domain.points import Confirm, Sight, SightKind
from controller.domain.site import DoorKind, Site
from controller.site import kinds
from controller.site.errors import quoted
from controller.site.positions import Path
from controller.site.reading import Reading, Table
from controller.site.sections import CAMERA, DOOR, ZONE
from controller.site.wiring import Finding

_CORNERS = 3
_LONGEST_STAY = 3600.0  # seconds
_AREA = "[[0.1, 0.4], [0.9, 0.4], [0.9, 1.0], [0.1, 1.0]]"
_LINE = "[[0.3, 0.6], [0.7, 0.6]]"


def part(reading: Reading, path: Path, value: object) -> tuple[float, float] | None:
    """A point of the picture, ``[x, y]`` from 0 to 1, origin top left."""
    if not isinstance(value, list) or len(value) != 2:
        reading.refuse(path, "is no point of the picture", "write [x, y] in parts of the picture, 0 to 1")
        return None
    numbers = kinds.many(kinds.number(0, 1, ""), 0)(reading, path, value)
    return None if numbers is None else (numbers[0], numbers[1])


def sight(table: Table) -> Sight:
    """The keys of a ``[[point]]`` of kind ``camera``."""
    kind = table.need("sees", kinds.word(SightKind), '"intrusion"', "a camera looks for something", SightKind.INTRUSION)
    table.forbid("debounce_ms", "a camera's point hangs on no wire")
    for key in ("device", "input", "analogue"):
        table.forbid(key, "a camera's point hangs on no wire")
    if kind is SightKind.TOLD:
        for key in ("seconds", "beyond", "shape", "confirm"):
            table.forbid(key, "the camera looks by itself: set that in its own pages")
        return Sight(table.need("camera", CAMERA.ref, '"cam-lobby"'), kind, ())
    seconds, beyond = 0.0, None
    if kind is SightKind.LOITERING:
        seconds = table.need("seconds", kinds.number(1, _LONGEST_STAY, "seconds"), "30", "how long is too long", 1.0)
    else:
        table.forbid("seconds", "only loitering takes its time")
    if kind is SightKind.LINE:
        beyond = table.want("beyond", part, None)
        shape: tuple[tuple[float, float], ...] = table.need("shape", line, _LINE, "", ((0.0, 0.0), (1.0, 1.0)))
    else:
        table.forbid("beyond", "only a line has two sides")
        shape = table.need("shape", kinds.many(part, _CORNERS), _AREA, "a part of the picture is watched")
    confirm = table.want("confirm", kinds.word(Confirm), Confirm.PEOPLE)
    if kind is not SightKind.INTRUSION and confirm is Confirm.MOTION:
        table.refuse("confirm", "what stays or crosses is followed, and only people are", 'write "people", or drop it')
    return Sight(table.need("camera", CAMERA.ref, '"cam-lobby"'), kind, shape, confirm, beyond, seconds)


def line(reading: Reading, path: Path, value: object) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """A line in the picture: its two ends, which are not one."""
    ends = kinds.many(part, 2)(reading, path, value)
    if ends is None:
        return None
    if len(ends) != 2 or ends[0] == ends[1]:
        reading.refuse(path, "is no line", "write the two places where it begins and ends")
        return None
    return ends[0], ends[1]


def motion(table: Table) -> MotionSettings:
    """``motion`` of a camera: how much must move, and where nothing counts."""
    areas = kinds.many(kinds.many(part, _CORNERS))
    return MotionSettings(
        sensitivity=table.want("sensitivity", kinds.word(Sensitivity), Sensitivity.NORMAL),
        ignore=table.want("ignore", areas, ()),
    )


def counted_door(table: Table) -> CountedDoor:
    """One of ``counts`` of a camera: the line that whoever goes through a door crosses."""
    return CountedDoor(
        door=table.need("door", DOOR.ref, '"lobby-door"'),
        line=table.need("line", line, _LINE, "", ((0.0, 0.0), (1.0, 1.0))),
        beyond=table.need("beyond", part, "[0.5, 0.4]", "one side of the line is where the door leads"),
        enters=table.need("enters", ZONE.ref, '"lobby"', "whoever crosses the line enters a zone"),
    )


def lines_have_two_sides(site: Site) -> Iterator[Finding]:
    """A place on the line is beyond nothing."""
    for point in site.points.values():
        seen = point.sight
        if seen and seen.beyond and _on_line((seen.shape[0], seen.shape[1]), seen.beyond):
            yield Finding(("point", point.id, "beyond"), *_NO_SIDE)
    for camera in site.cameras.values():
        for counted in camera.counts:
            if _on_line(counted.line, counted.beyond):
                yield Finding(("camera", camera.id, "counts"), *_NO_SIDE)


def cameras_that_tell_can_be_asked(site: Site) -> Iterator[Finding]:
    """A camera tells of motion by ONVIF: its service must be known."""
    for point, sight in site.sights.items():
        camera = site.cameras.get(sight.camera)
        if sight.kind is not SightKind.TOLD or camera is None or camera.onvif is not None:
            continue
        if camera.head is None or camera.head.driver is not HeadDriver.ONVIF:
            problem = f"nobody knows where {quoted(camera.id)} is asked what it sees"
            yield Finding(("point", point, "camera"), problem, 'add `onvif = "HOST:PORT"` to that camera')


def cameras_count_at_doors_that_are_seen(site: Site) -> Iterator[Finding]:
    """Entries are compared with people: the door tells of each opening, once, and one camera counts."""
    taken: dict[str, str] = {}
    for camera in site.cameras.values():
        at = ("camera", camera.id, "counts")
        for counted in camera.counts:
            door = site.doors.get(counted.door)
            if door is None:
                continue
            if counted.enters not in door.zones:
                problem = f"{quoted(door.id)} does not lead to {quoted(counted.enters)}"
                yield Finding(at, problem, f"write one of {', '.join(map(quoted, door.zones))}")
            if door.kind is DoorKind.TURNSTILE or door.contact is None:
                problem = f"{quoted(door.id)} has no contact: nobody knows when it is opened"
                yield Finding(at, problem, "count at doors with a contact; a turnstile counts by itself")
            if taken.setdefault(door.id, camera.id) != camera.id or _twice(camera.counts, door.id):
                problem = f"{quoted(door.id)} is counted at already, by {quoted(taken[door.id])}"
                yield Finding(at, problem, "count each person once")


def _twice(counts: tuple[CountedDoor, ...], door: str) -> bool:
    return sum(counted.door == door for counted in counts) > 1


def _on_line(ends: tuple[tuple[float, float], tuple[float, float]], place: tuple[float, float]) -> bool:
    (ax, ay), (bx, by) = ends
    return abs((bx - ax) * (place[1] - ay) - (by - ay) * (place[0] - ax)) < _NEAR


_NEAR = 1e-4
_NO_SIDE = "lies on the line itself", "write a place on the side that counts"
