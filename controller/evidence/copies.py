"""Copies that are handed out for a film itself: masked behind a veil, pixelated, or both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from controller.domain.filming import Mask
from controller.runtime.evidence import NotHandedOut
from vision.recording.copying import PIXELATED, NotCopiedError, copied
from vision.recording.veiled import veiled

PIXELATING = "vision.recording.pixelating"
FAILED = "a recording could not be pixelated, and is not handed out clear instead"
NOT_MASKED = "a recording could not be masked, and is not handed out clear instead"


@dataclass(slots=True)
class Copy:
    """How many pictures were searched, how many faces found in them, which masks painted; known once it was read."""

    frames: int = 0
    faces: int = 0
    masks: tuple[str, ...] = ()


def pixelated(kind: str, clear: Iterable[bytes], copy: Copy) -> Iterator[bytes]:
    """Yield the pixelated copy of a ``film`` or a ``still``, part by part. Slow; closing it ends its process.

    Raises ``NotHandedOut`` where the recording cannot be read as one.
    """
    try:
        told = yield from copied(PIXELATING, (kind,), clear, PIXELATED.size)
    except NotCopiedError as error:
        raise NotHandedOut(FAILED) from error
    copy.frames, copy.faces = PIXELATED.unpack(told)


def masked(kind: str, clear: Iterable[bytes], copy: Copy, masks: Sequence[Mask]) -> Iterator[bytes]:
    """Yield the copy of a ``film`` or a ``still`` with these masks painted, as ``pixelated`` does."""
    try:
        copy.frames = yield from veiled(kind, clear, [mask.shape for mask in masks])
    except NotCopiedError as error:
        raise NotHandedOut(NOT_MASKED) from error
    copy.masks = tuple(mask.name for mask in masks)
