"""A film as whoever looks at it sees it: how long it is, and how much in it ever stirs."""

from __future__ import annotations

import io
from dataclasses import dataclass

import av
import numpy as np

STIRS = 40
"""Grey levels by which a place of the picture must change: more than noise and the encoder's own mistakes do."""


@dataclass(frozen=True, slots=True)
class Seen:
    """`pictures` in `seconds`; `stirred`: the largest share of any picture that is unlike the first one, 0 to 1."""

    pictures: int
    seconds: float
    stirred: float


def look_at(film: bytes) -> Seen:
    """Look at a film file from its beginning to its end. FFmpegError for what is no film. Slow: for a thread."""
    with av.open(io.BytesIO(film), "r") as container:
        first, began, ended, pictures, stirred = None, 0.0, 0.0, 0, 0.0
        for frame in container.decode(container.streams.video[0]):
            grey = frame.to_ndarray(format="gray").astype(np.int16)
            ended = float(frame.time or 0.0)
            if first is None:
                first, began = grey, ended
            pictures += 1
            stirred = max(stirred, float(np.mean(np.abs(grey - first) > STIRS)))
    return Seen(pictures, round(ended - began, 1), round(stirred, 3))
