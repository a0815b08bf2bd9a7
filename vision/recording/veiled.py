"""Recordings as they are viewed while a veil hangs before their camera: masked, in a copy that nobody keeps."""

import json
from collections.abc import Generator, Iterable, Sequence

from vision.messages import Polygon
from vision.recording.copying import MASKED, copied

MODULE = "vision.recording.veiling"


def veiled(kind: str, clear: Iterable[bytes], masks: Sequence[Polygon]) -> Generator[bytes, None, int]:
    """Yield the copy of a ``film`` or a ``still`` in which the masks are painted; return how many pictures it has.

    Slow, as ``copied`` is. Raises ``NotCopiedError`` where the recording cannot be read as one.
    """
    told = yield from copied(MODULE, (kind, json.dumps(masks)), clear, MASKED.size)
    count: int = MASKED.unpack(told)[0]
    return count
