"""What cameras see: nothing any more, or something else than they should."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from controller.domain import events as ev
from controller.domain.alarms import AlarmKind, Source
from controller.domain.filming import ViewTrouble
from controller.domain.stimuli import CameraViewSeen
from controller.rules.alarm import cause_gone, raise_alarm
from controller.rules.turn import Turn

ALARMS: Mapping[ViewTrouble, tuple[AlarmKind, str]] = MappingProxyType(
    {
        ViewTrouble.BLACK: (AlarmKind.CAMERA_COVERED, "the picture is black: it is covered, or there is no light"),
        ViewTrouble.COVERED: (AlarmKind.CAMERA_COVERED, "something covers the view"),
        ViewTrouble.BLURRED: (AlarmKind.CAMERA_COVERED, "the picture is blurred"),
        ViewTrouble.TURNED: (AlarmKind.CAMERA_MOVED, "it no longer looks where it did"),
    }
)
"""Which alarm each trouble is, and what the guard is told of it."""


def view_seen(turn: Turn, seen: CameraViewSeen) -> None:
    """A camera's picture was judged. What troubled it before is over, whatever troubles it now."""
    views = turn.state.views
    if seen.camera not in turn.site.cameras or (seen.camera in views and views[seen.camera] is seen.trouble):
        return
    turn.record(ev.CameraViewChanged(seen.camera, seen.trouble))
    source = Source(camera=seen.camera)
    cause_gone(turn, {AlarmKind.CAMERA_COVERED, AlarmKind.CAMERA_MOVED}, source)
    if seen.trouble is not None:
        raise_alarm(turn, *_alarm(seen.trouble, source))


def _alarm(trouble: ViewTrouble, source: Source) -> tuple[AlarmKind, Source, str]:
    kind, told = ALARMS[trouble]
    return kind, source, told
