"""``[[camera]]`` and ``[recording]``: what is filmed, why, for how long, and what of it nobody sees."""

from __future__ import annotations

from collections.abc import Iterator

from controller.domain.filming import (
    RECORDED,
    Camera,
    Mask,
    MaskedBy,
    MaskKind,
    MotionSettings,
    Recording,
)
from controller.domain.operators import Role
from controller.domain.records import RetentionClass
from controller.domain.site import Site
from controller.site import kinds, watching
from controller.site.errors import quoted
from controller.site.heads import head, host_and_port
from controller.site.positions import Path
from controller.site.reading import Reading, Table
from controller.site.sections import CAMERA, DOOR, ZONE
from controller.site.wiring import Finding

_LONGEST_DAYS = 366
_CORNERS = 3
_DAYS = kinds.whole(1, _LONGEST_DAYS, "days")
_ROLES = kinds.several(kinds.word(Role))


def camera(table: Table) -> Camera:
    """``[[camera]]``, with its data-protection sheet."""
    retention = table.need(
        "retention_days", _retention, "30", "pictures are kept for a stated time", dict[RetentionClass, int]()
    )
    return Camera(
        id=table.need("id", CAMERA.ident, '"cam-lobby"'),
        name=table.need("name", kinds.text, '"Lobby"'),
        zone=table.need("zone", ZONE.ref, '"lobby"'),
        url=table.need("url", kinds.camera_url, '"rtsp://HOST:554/PATH"'),
        purpose=table.need(
            "purpose", kinds.text, '"What it is for"', "nobody is filmed without a purpose that they can ask for"
        ),
        retention_days=max(retention.values(), default=0),
        position=table.need("position", kinds.point, "[600, 400]"),
        small_url=table.want("small_url", kinds.camera_url, None),
        view=table.want("view", kinds.text, ""),
        legal_basis=table.want("legal_basis", kinds.text, ""),
        masks=table.want("masks", _masks, None),
        retention=retention,
        doors=table.want("doors", kinds.several(DOOR.ref), frozenset()),
        continuous=table.want("continuous", kinds.flag, default=False),
        live=table.want("live", _ROLES, None),
        playback=table.want("playback", _ROLES, None),
        head=table.want("head", kinds.nested(head), None),
        onvif=table.want("onvif", host_and_port, None),
        motion=table.want("motion", kinds.nested(watching.motion), MotionSettings()),
        counts=table.want("counts", kinds.many(kinds.nested(watching.counted_door), 1), ()),
    )


def recording(table: Table) -> Recording:
    """``[recording]``: how clips are cut, and how much room they take."""
    usual = Recording()
    return Recording(
        pre_seconds=table.want("pre_seconds", kinds.number(0, 30, "seconds"), usual.pre_seconds),
        post_seconds=table.want("post_seconds", kinds.number(1, 60, "seconds"), usual.post_seconds),
        quota_gib=table.want("quota_gib", kinds.number(0.01, 100_000, "GiB"), None),
    )


def sheets_are_whole(site: Site) -> Iterator[Finding]:
    """A camera says what is in its view, on what legal ground it films, and whether anything is masked."""
    for each in site.cameras.values():
        at = ("camera", str(each.id))
        if not each.view:
            yield Finding(at, _unsaid("what is in its view"), 'add `view = "The door and two metres before it"`')
        if not each.legal_basis:
            yield Finding(at, _unsaid("on what legal basis it films"), 'add `legal_basis = "..."`')
        if each.masks is None:
            yield Finding(at, _unsaid("whether anything is masked"), "add `masks = []` where nothing has to be")


def pictures_are_kept_no_longer(site: Site) -> Iterator[Finding]:
    """No camera keeps its pictures for longer than the site keeps pictures."""
    for each in site.cameras.values():
        for kind, days in each.retention.items():
            most = site.retention.get(kind)
            unused = kind is RetentionClass.CONTINUOUS and not each.continuous
            if most is not None and days > most and not unused:
                problem = f"keeps {kind} for {days} days, [retention] says {most}"
                yield Finding(("camera", str(each.id), "retention_days"), problem, f"write {most} or fewer")


def cameras_see_their_doors(site: Site) -> Iterator[Finding]:
    """A camera has doors of its own zone in view."""
    for each in site.cameras.values():
        for door in sorted(each.doors):
            known = site.doors.get(door)
            if known is not None and each.zone not in known.zones:
                problem = f"door {quoted(door)} does not lead to {quoted(each.zone)}, where this camera stands"
                yield Finding(("camera", str(each.id), "doors"), problem, "name doors of its zone")


def _unsaid(what: str) -> str:
    return f"its data-protection sheet does not say {what}"


def _retention(reading: Reading, path: Path, value: object) -> dict[RetentionClass, int] | None:
    """Days for everything a camera records, or a table with days for each kind of it."""
    if not isinstance(value, dict):
        days = _DAYS(reading, path, value)
        return None if days is None else dict.fromkeys(RECORDED, days)
    return kinds.nested(_days_by_kind)(reading, path, value)


def _days_by_kind(table: Table) -> dict[RetentionClass, int]:
    why = "pictures are kept for a stated time"
    return {kind: table.need(kind.value, _DAYS, "30", why, 1) for kind in RECORDED}


def _masks(reading: Reading, path: Path, value: object) -> tuple[Mask, ...] | None:
    return kinds.many(kinds.nested(_mask), 0)(reading, path, value)


def _mask(table: Table) -> Mask:
    kind = table.need("kind", kinds.word(MaskKind), '"veil"', "", MaskKind.VEIL)
    by = MaskedBy.BOX
    if kind is MaskKind.BURNT:
        by = table.need("by", kinds.word(MaskedBy), '"box"', "say who paints it", MaskedBy.BOX)
    else:
        table.forbid("by", "a veil is always hung up by the box, which keeps what is behind it sealed")
    corners: tuple[tuple[float, float], ...] = ()
    if by is MaskedBy.CAMERA:
        table.forbid("shape", "the camera paints this mask itself")
    else:
        example = "[[0.0, 0.0], [0.3, 0.0], [0.3, 1.0], [0.0, 1.0]]"
        corners = table.need(
            "shape", kinds.many(watching.part, _CORNERS), example, "a mask covers a part of the picture"
        )
    return Mask(table.need("name", kinds.text, '"The neighbour\'s window"'), kind, by, corners)
