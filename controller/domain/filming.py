"""Cameras, what their data-protection sheet says, and what of their picture nobody is to see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from controller.domain.heads import Head
from controller.domain.ids import CameraId, DoorId, ZoneId
from controller.domain.records import RetentionClass

if TYPE_CHECKING:
    from controller.domain.operators import Role  # which speaks of people, who speak of the site

RECORDED = (RetentionClass.CLIPS, RetentionClass.SNAPSHOTS, RetentionClass.CONTINUOUS)
"""What is kept of a camera's pictures, each with a time of its own."""

DAYS_UNSAID = 30
"""So long what a camera recorded is kept that the policy no longer knows, where the site says nothing either."""


class ViewTrouble(StrEnum):
    """What is wrong with a picture that arrives: nothing can be seen in it, or something else than ought to be."""

    BLACK = "black"
    COVERED = "covered"
    BLURRED = "blurred"
    TURNED = "turned"


class MaskKind(StrEnum):
    """What a privacy mask does to what is recorded.

    ``BURNT``: it is in every picture that leaves the camera's decoder, and nobody can undo it. ``VEIL``: what is
    recorded is whole, and sealed; everybody is shown it masked, until two people lift the veil for a time.
    """

    BURNT = "burnt"
    VEIL = "veil"


class MaskedBy(StrEnum):
    """Who paints a burnt mask: the camera itself, or this box, by encoding the picture anew."""

    CAMERA = "camera"
    BOX = "box"


@dataclass(frozen=True, slots=True)
class Mask:
    """A part of the picture that is nobody's business: a polygon in parts of the picture, origin top left."""

    name: str
    kind: MaskKind
    by: MaskedBy
    shape: tuple[tuple[float, float], ...]


class Sensitivity(StrEnum):
    """How much of a picture must move to count: ``LOW`` a person who is near, ``HIGH`` one far off."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """How a camera's picture is searched for what moves. ``ignore``: parts of it where nothing counts, as polygons."""

    sensitivity: Sensitivity = Sensitivity.NORMAL
    ignore: tuple[tuple[tuple[float, float], ...], ...] = ()


@dataclass(frozen=True, slots=True)
class CountedDoor:
    """A line in the picture that whoever goes through a door crosses; all places in parts of the picture, 0 to 1.

    ``beyond`` is a place past the line: whoever crosses towards it enters ``enters``, whoever comes from it leaves.
    """

    door: DoorId
    line: tuple[tuple[float, float], tuple[float, float]]
    beyond: tuple[float, float]
    enters: ZoneId


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera and its data-protection sheet: purpose, view, legal basis, masks, retention.

    ``url`` is the large stream, which is recorded; ``small_url`` the one that is looked through (None: the same).
    ``masks`` is None where nobody has said whether there are any: only a policy of old times, in the log, may be so.
    ``live``, ``playback``: the roles that may watch and play back (None: those that may by their role). ``head``: what
    turns it; None for one that hangs still. ``onvif``: ``HOST:PORT`` of the service that is asked for its own events.
    """

    id: CameraId
    name: str
    zone: ZoneId
    url: str
    purpose: str
    retention_days: int
    position: tuple[float, float]
    small_url: str | None = None
    view: str = ""
    legal_basis: str = ""
    masks: tuple[Mask, ...] | None = None
    retention: Mapping[RetentionClass, int] = field(default_factory=dict)
    doors: frozenset[DoorId] = frozenset()  # that it has in view
    continuous: bool = False
    live: frozenset[Role] | None = None
    playback: frozenset[Role] | None = None
    head: Head | None = None
    onvif: str | None = None
    motion: MotionSettings = field(default_factory=MotionSettings)
    counts: tuple[CountedDoor, ...] = ()  # doors at which it counts who goes through

    def days(self, kind: RetentionClass) -> int:
        """Return for how many days that kind of recording is kept."""
        return self.retention.get(kind, self.retention_days)

    def painted(self, kind: MaskKind) -> tuple[Mask, ...]:
        """Return the masks of a kind that this box paints."""
        return tuple(mask for mask in self.masks or () if mask.kind is kind and mask.by is MaskedBy.BOX)

    @property
    def passes_through(self) -> bool:
        """Tell whether its own stream may be shown as it comes: never where anything of it is masked."""
        return not self.masks


@dataclass(frozen=True, slots=True)
class Recording:
    """How clips are cut, and how much room recordings may take (None: as much as the disk has)."""

    pre_seconds: float = 5.0
    post_seconds: float = 10.0
    quota_gib: float | None = None
