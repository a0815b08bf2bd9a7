"""Who keeps the eyes open: starts the worker process, hands it commands, takes its values, restarts it when it fails.

Everything here runs on one asyncio loop and never blocks it. The worker is a fresh interpreter of its own
(`python -m vision.worker`), not a fork and not `multiprocessing`, whose spawn would import the controller's main module
again in the process that parses video.
"""

import asyncio
import contextlib
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from typing import assert_never

from vision.child import Child, ended, spawned
from vision.messages import (
    LENGTH_BYTES,
    MAX_PICTURE,
    NUMBER_BYTES,
    CameraLost,
    CameraUp,
    CancelChallenge,
    Challenge,
    Command,
    EngineKind,
    EngineReady,
    EngineRefused,
    Enrol,
    Enrolled,
    EnrolmentRefused,
    FaceAtDoor,
    FaceSpotted,
    FaceVerdict,
    FrameCount,
    GestureAsked,
    Heartbeat,
    Judge,
    Judged,
    LearnAnew,
    MessageError,
    Outcome,
    PersonCrossed,
    SightChanged,
    Stop,
    Value,
    ViewJudged,
    Watch,
    WatchList,
    decode_value,
    encode_command,
    frame,
    length_of,
)

STARTS_WITHIN = 30.0
"""Seconds until the first heartbeat: the models take about 3 s on an idle machine."""
WEDGED_AFTER = 5.0
"""Seconds without any word from the worker, which sends a heartbeat every second."""
STOPS_WITHIN = 2.0
"""Seconds from `Stop` to the end of the process; then it is killed."""
PICTURE_WITHIN = 1.0
"""Seconds for one picture; a worker that takes longer gives none."""
BACK_OFF = (0.1, 1.0, 5.0)
"""Seconds before a restart; the last one repeats, and a heartbeat starts the row anew."""


class Supervisor:
    """The eyes as the building sees them. `receive` gets every value on the loop's thread, heartbeats excepted.

    Commands are remembered: after a restart the worker watches the same cameras and goes on with every challenge and
    enrolment that has no answer yet. Every camera is `CameraLost` meanwhile.
    """

    def __init__(
        self,
        receive: Callable[[Value], None],
        clock: Callable[[], float] = time.monotonic,
        wedged_after: float = WEDGED_AFTER,
        kind: EngineKind = EngineKind.DLIB,
    ) -> None:
        self._receive, self._clock, self._wedged_after, self._kind = receive, clock, wedged_after, kind
        self._watches: dict[str, Watch] = {}
        self._challenges: dict[str, Challenge] = {}
        self._enrolments: dict[str, Enrol | Judge] = {}
        self._list = WatchList()
        self._lost: set[str] = set()
        self._worker: Child | None = None
        self._fetching: dict[str, asyncio.Task[bytes | None]] = {}
        self._asked = 0
        self._wanted: dict[int, asyncio.Future[bytes]] = {}
        self._failures = 0
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Let `run` run until `stop`; returns before the worker is ready."""
        self._task = asyncio.create_task(self.run(), name="eyes")

    async def stop(self) -> None:
        """End the worker, killing it if it must be; raises what made supervision itself fail, if anything did."""
        self._stopping = True
        await self._ask_to_stop()
        if self._task is not None:
            task, self._task = self._task, None
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for fetching in tuple(self._fetching.values()):
            fetching.cancel()

    async def run(self) -> None:
        """Keep a worker running until `stop` or cancellation; fails only if `receive` does (own it in a TaskGroup)."""
        while True:
            async with self._running_worker() as worker:
                self._repeat_commands()
                why = "" if self._stopping else await self._listen(worker)
            if self._stopping:
                return
            self._lose_cameras(why)
            await asyncio.sleep(BACK_OFF[min(self._failures, len(BACK_OFF) - 1)])
            self._failures += 1

    def post(self, command: Command) -> None:
        """Hand a command to the worker; never blocks. `Stop` is what `stop` is for, and does nothing here."""
        match command:
            case Watch():
                self._watches[command.camera] = command
            case LearnAnew():
                pass  # a new worker learns anew by itself
            case Challenge():
                self._challenges[command.challenge_id] = command
            case CancelChallenge(challenge_id):
                self._challenges.pop(challenge_id, None)
            case WatchList():
                self._list = command
            case Enrol() | Judge():
                self._enrolments[command.request_id] = command
            case Stop():
                return
            case _:
                assert_never(command)
        self._send(command)

    async def picture(self, camera: str) -> bytes | None:
        """Return a camera's newest picture as JPEG, at most 640 pixels wide; None while there is none.

        Callers who ask for the same camera at once share one answer, and a caller who gives up disturbs nobody.
        """
        task = self._fetching.get(camera)
        if task is None:
            task = self._fetching[camera] = asyncio.create_task(self._fetch(camera))
            task.add_done_callback(lambda _: self._fetching.pop(camera, None))
        return await asyncio.shield(task)

    @property
    def worker_pid(self) -> int | None:
        """The process id of the worker; None while there is none."""
        return self._worker.process.pid if self._worker else None

    @contextlib.asynccontextmanager
    async def _running_worker(self) -> AsyncIterator[Child]:
        worker = await spawned("vision.worker", self._kind.value)
        self._worker = worker
        pictures = asyncio.create_task(self._take_pictures(worker), name="pictures of the eyes")
        try:
            yield worker
        finally:
            self._worker = None
            pictures.cancel()
            await ended(worker)

    async def _listen(self, worker: Child) -> str:
        """Hand on the worker's values until it ends or wedges; return which."""
        within = STARTS_WITHIN
        try:
            while True:
                async with asyncio.timeout(within):
                    prefix = await worker.values.readexactly(LENGTH_BYTES)
                    value = decode_value(await worker.values.readexactly(length_of(prefix)))
                if isinstance(value, Heartbeat):
                    within, self._failures = self._wedged_after, 0
                self._take(value)
        except TimeoutError:
            return "the process that looks was stuck"
        except MessageError:
            return "the process that looks talked nonsense"
        except (asyncio.IncompleteReadError, ConnectionError):
            return "the process that looks ended"

    def _take(self, value: Value) -> None:  # noqa: C901 - one flat table
        match value:
            case CameraUp(camera):
                self._lost.discard(camera)
            case CameraLost(camera):
                if camera in self._lost:
                    return  # a new worker finds it lost still
                self._lost.add(camera)
            case FaceVerdict(challenge_id):
                if self._challenges.pop(challenge_id, None) is None:
                    return  # cancelled while the verdict was on its way
            case Enrolled(request_id) | EnrolmentRefused(request_id) | Judged(request_id):
                self._enrolments.pop(request_id, None)
            case GestureAsked(challenge_id):
                if challenge_id not in self._challenges:
                    return
            case Heartbeat():
                return
            case (
                ViewJudged()
                | SightChanged()
                | PersonCrossed()
                | FaceSpotted()
                | FaceAtDoor()
                | FrameCount()
                | EngineReady()
                | EngineRefused()
            ):
                pass
            case _:
                assert_never(value)
        self._receive(value)

    def _repeat_commands(self) -> None:
        """Tell a new worker all that still holds; a challenge that ran out while there was none saw nobody."""
        for challenge in tuple(self._challenges.values()):
            if challenge.until <= self._clock():
                self._take(_unseen(challenge))
        kept: tuple[Command, ...] = (
            *self._watches.values(),
            *self._challenges.values(),
            *self._enrolments.values(),
            *([self._list] if self._list.people else []),
        )
        for command in kept:
            self._send(command)

    def _lose_cameras(self, why: str) -> None:
        for camera in self._watches:
            self._take(CameraLost(camera, why))

    def _send(self, command: Command) -> None:
        if self._worker is not None and not self._worker.commands.is_closing():
            self._worker.commands.write(encode_command(command))

    async def _ask_to_stop(self) -> None:
        worker = self._worker
        if worker is None:
            return
        self._send(Stop())
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(worker.process.wait, STOPS_WITHIN)

    async def _fetch(self, camera: str) -> bytes | None:
        worker = self._worker
        if worker is None:
            return None
        self._asked += 1
        number, answer = self._asked, asyncio.get_running_loop().create_future()
        self._wanted[number] = answer
        worker.second_writer.write(frame(number.to_bytes(NUMBER_BYTES, "big") + camera.encode()))
        try:
            return await asyncio.wait_for(answer, PICTURE_WITHIN) or None
        except TimeoutError:
            return None
        finally:
            del self._wanted[number]

    async def _take_pictures(self, worker: Child) -> None:
        """Give each picture to who asked for it; one that comes too late is wanted by nobody."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, MessageError):
            while True:
                prefix = await worker.second.readexactly(LENGTH_BYTES)
                body = await worker.second.readexactly(length_of(prefix, MAX_PICTURE))
                answer = self._wanted.get(int.from_bytes(body[:NUMBER_BYTES], "big"))
                if answer is not None and not answer.done():
                    answer.set_result(body[NUMBER_BYTES:])


def _unseen(challenge: Challenge) -> FaceVerdict:
    return FaceVerdict(challenge.challenge_id, challenge.camera, Outcome.NOBODY, None, 0, challenge.until)
