"""One camera: RTSP over TCP by PyAV in a thread of its own, the newest frame only, reconnecting for ever.

PyAV rather than OpenCV, whose `open()` holds a global lock; options as measured in design/stack.md, Video.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import av
import av.error
import numpy as np
from av.video.reformatter import VideoReformatter

from vision.messages import CameraLost, CameraUp, Watch
from vision.models import Image
from vision.motion import Grey

SILENT_FOR = 3.0
"""Seconds to open, and between packets, before a camera counts as lost; FFmpeg waits once more to say farewell."""
FROZEN_FOR = 6.0
"""Seconds of one and the same picture, bit by bit, before a camera counts as lost: no sensor is without noise."""
SAMPLED = 8
"""Every so manieth row is compared."""
OPTIONS = {
    "rtsp_transport": "tcp",
    "analyzeduration": "0",
    "probesize": "32768",
    "fpsprobesize": "0",  # else twenty frames are kept back to guess a frame rate: 2.5 s at 8 per second
    "timeout": str(int(SILENT_FOR * 1e6)),
}
BACK_OFF = (0.5, 1.0)
"""Seconds between attempts; the last one repeats: a camera that is back is seen within five."""
REFUSED = "the camera refused the user name or password"
SILENT = f"no answer for {SILENT_FOR:.0f} s"
CREEP = 1e-3
"""Seconds per second by which a camera's clock may run slow against ours before its frames look old."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A decoded frame, its number in this connection, and when it was seen (monotonic)."""

    number: int
    seen_at: float
    picture: av.VideoFrame

    def luma(self) -> Grey:
        """Return the Y plane, height x width."""
        plane = self.picture.planes[0]
        rows = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(-1, plane.line_size)
        return rows[: self.picture.height, : self.picture.width]

    def rgb(self) -> Image:
        """Return the frame as height x width x 3, RGB. From any thread, from several at once as well.

        The picture's own converter is one for all threads and bears one: with two, the process hung or died.
        """
        return np.asarray(VideoReformatter().reformat(self.picture, format="rgb24").to_ndarray(), dtype=np.uint8)


class CaptureClock:
    """Tells when a frame was taken, so that one kept back in a buffer does not pass for a new one.

    The frame that came soonest after its time stamp sets the offset between the camera's clock and ours.
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        self._stamp = self._arrived = 0.0

    def seen_at(self, stamp: float | None, arrived: float) -> float:
        """Return when a frame with this stamp (camera's seconds, None: unknown) was taken, `arrived` at the latest."""
        if stamp is None:
            return arrived
        if self._offset is None or stamp < self._stamp:  # first frame, or the camera's clock began anew
            self._offset = arrived - stamp
        else:
            self._offset = min(self._offset + CREEP * (arrived - self._arrived), arrived - stamp)
        self._stamp, self._arrived = stamp, arrived
        return stamp + self._offset


class Stillness:
    """Tells for how long a picture has been the very same; a camera whose encoder hangs sends one for ever."""

    def __init__(self) -> None:
        self._rows: Grey | None = None
        self._since = 0.0

    def lasts(self, luma: Grey, now: float) -> float:
        """Return for how many seconds the pictures up to this one have not differed."""
        rows = luma[::SAMPLED].copy()
        if self._rows is None or not np.array_equal(rows, self._rows):
            self._rows, self._since = rows, now
        return now - self._since


class Source:
    """The thread that watches one camera; `say` is called from it with CameraUp and CameraLost."""

    def __init__(
        self,
        watch: Watch,
        say: Callable[[CameraUp | CameraLost], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watch, self._say, self._clock = watch, say, clock
        self._closing = threading.Event()
        self._latest: Frame | None = None
        self._decoded = self._counted = 0
        self._lost = False
        self._broke_off: str | None = None
        self._thread = threading.Thread(target=self._run, name=f"camera {watch.camera}", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def close(self, wait: float = 0.0) -> None:
        """End after the next frame or timeout; wait for it that many seconds."""
        self._closing.set()
        if wait:
            self._thread.join(wait)

    def latest(self) -> Frame | None:
        """Return the newest frame; older ones are gone. None while no camera is there."""
        return self._latest

    def take_count(self) -> int:
        """Return how many frames were decoded since the last call."""
        decoded = self._decoded
        counted, self._counted = self._counted, decoded
        return decoded - counted

    def _run(self) -> None:
        attempt = 0
        while not self._closing.is_set():
            before = self._decoded
            why = self._stream()
            self._latest = None
            if self._closing.is_set():
                return
            if not self._lost:
                self._consider(why)
            attempt = 0 if self._decoded > before else attempt + 1
            self._closing.wait(BACK_OFF[min(attempt, len(BACK_OFF) - 1)])

    def _consider(self, why: str) -> None:
        """Tell a loss; of a stream that ended at once, only after one more try, which may know better why."""
        if self._broke_off is None and why not in (SILENT, REFUSED):
            self._broke_off = why
        else:
            self._lose(why if self._broke_off is None or why == REFUSED else self._broke_off)

    def _lose(self, why: str) -> None:
        self._lost, self._broke_off = True, None
        self._say(CameraLost(self._watch.camera, why))

    def _stream(self) -> str:
        """Decode until the camera is lost; return why. A clean end is a lost camera too: cameras never end."""
        try:
            with av.open(
                with_credentials(self._watch.url, self._watch.username, self._watch.password),
                options=OPTIONS,
                timeout=(SILENT_FOR, SILENT_FOR),
            ) as container:
                self._decode(container)
        except av.error.HTTPUnauthorizedError:
            return REFUSED
        except (av.error.ExitError, TimeoutError):
            return SILENT
        except (av.error.FFmpegError, OSError, ValueError, IndexError) as error:
            return _without_credentials(error)
        return "the stream ended"

    def _decode(self, container: av.container.InputContainer) -> None:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        clock, stillness = CaptureClock(), Stillness()
        for number, picture in enumerate(container.decode(stream), start=1):
            stamp = None if picture.pts is None or picture.time_base is None else float(picture.pts * picture.time_base)
            frame = Frame(number, clock.seen_at(stamp, self._clock()), picture)
            self._decoded += 1
            frozen = stillness.lasts(frame.luma(), self._clock()) >= FROZEN_FOR
            self._latest = None if frozen else frame
            if frozen and not self._lost:
                self._lose("the picture stands still")
            elif not frozen and (number == 1 or self._lost):
                if self._broke_off is not None:
                    self._lose(self._broke_off)
                self._lost = False
                self._say(CameraUp(self._watch.camera))
            if self._closing.is_set():
                return


def with_credentials(url: str, username: str, password: str) -> str:
    """Return the address with the credentials in it, as FFmpeg wants it; never to be logged."""
    if not username:
        return url
    parts = urlsplit(url)
    user = f"{quote(username, safe='')}:{quote(password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc.rpartition('@')[2]}"))


def _without_credentials(error: Exception) -> str:
    """Return the error's own words: its whole text would quote the URL with the password."""
    return getattr(error, "strerror", None) or type(error).__name__
