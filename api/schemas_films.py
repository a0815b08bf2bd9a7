"""What the API says and takes about recordings, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.model import Model, Text
from controller.domain.records import RetentionClass


class RecordingOut(Model):
    """A clip (MP4) or a still (JPEG): ``size`` and ``sha256`` are of it in clear, ``events`` the records it belongs to.

    ``whole`` is false where it was broken off, ``veiled`` true where it is shown masked until two lift a veil.
    """

    id: str
    kind: RetentionClass
    camera: str
    began: datetime
    seconds: float
    size: int
    sha256: str
    whole: bool
    events: list[int]
    veiled: bool


class RecordingsOut(Model):
    """Recordings, the newest first: those that this operator may play back."""

    recordings: list[RecordingOut]


class LiftIn(Model):
    """For how long a veil is lifted, and why."""

    seconds: Annotated[float, Field(ge=1, le=3600)]
    reason: Text
