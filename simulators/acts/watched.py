"""The parking after hours: somebody walks where a camera watches, and the film of it becomes evidence."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from simulators.acts.seeing import eyes_open, persists
from simulators.acts.steps import Step
from simulators.film import look_at
from simulators.guard import GuardError
from simulators.scenario import SCREEN_SECONDS, Stage
from simulators.scene import Scene
from simulators.screen import Record, Screen

CAMERA, AREA = "cam-parking", "parking-night"
FENCE, BAYS = "see-fence", "see-bays"
CASE = {"purpose": "investigation", "case": "2026/17"}

WALKS = 3
"""A machine with much else to do may see too few pictures of a walk: then they come again."""
CLIP_SECONDS = 75.0
"""A clip is a minute long at most, and then takes a moment to be closed."""
LOOKS_EVERY = 1.0
LEAST_SECONDS = 5.0
"""Of film: what was before the alarm, alone."""
SOMEBODY = 0.005
"""Share of a picture that somebody who walks fills at the least."""
QUIET_SECONDS = 20.0
"""How long the eyes may take to know that nobody is there."""
AUDITOR_SECONDS = 60.0


async def watched(stage: Stage) -> None:
    """Play what happens in the parking."""
    if not await eyes_open(stage, CAMERA):
        return
    stage.begin(Step.WATCHED)
    alarm = await _walked_in(stage)
    stage.begin(Step.FILM)
    clip = await _clip_of(stage, alarm) if alarm is not None else None
    if stage.check("its film is kept", clip) and clip is not None and alarm is not None:
        await _play(stage, clip)
        await _hand_out(stage, alarm)


async def _walked_in(stage: Stage) -> Record | None:
    """Arm the parking and let somebody walk in; return the alarm's record."""
    await stage.building.draw(CAMERA, Scene(walking=1))
    since = stage.guard.seq
    await stage.seen("nobody is seen there", lambda g: all(map(g.view.at_rest, (FENCE, BAYS))), QUIET_SECONDS)
    await stage.press("the guard arms the parking", stage.guard, f"areas/{AREA}/arm")
    await stage.seen("the parking is armed", lambda g: g.view.area(AREA) == "armed")
    await _walk_until(
        stage,
        lambda g: all(_saw(g, point, since) and g.raised("intrusion", since, point=point) for point in (FENCE, BAYS)),
    )
    stage.check("a camera sees who crosses the line", _saw(stage.guard, FENCE, since))
    stage.check("and who walks between the cars", _saw(stage.guard, BAYS, since))
    raised = stage.guard.raised("intrusion", since, point=BAYS)
    stage.check("each is an alarm", raised and stage.guard.raised("intrusion", since, point=FENCE))
    await stage.press("the guard disarms the parking", stage.guard, f"areas/{AREA}/disarm")
    await stage.seen("the intrusion's cause is gone", lambda g: not persists(g, "intrusion", area=AREA))
    return raised


def _saw(screen: Screen, point: str, since: int) -> bool:
    """Tell whether somebody was seen there: a camera that is lost raises an armed area's alarm as well."""
    told = screen.all_records("point_observed", since)
    return any(r.detail["point"] == point and r.detail["condition"] == "active" for r in told)


async def _walk_until(stage: Stage, told: Callable[[Screen], bool]) -> None:
    async with stage.eyes:
        for _ in range(WALKS):
            seconds = stage.building.camera(CAMERA).walk(CAMERA)
            if await stage.guard.until(told, seconds + SCREEN_SECONDS):
                return


async def _clip_of(stage: Stage, alarm: Record) -> Mapping[str, Any] | None:
    """Wait for an alarm's film, and return what the console says of it."""
    deadline = time.monotonic() + CLIP_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(GuardError):  # a box with much else to do is asked again
            found = (await stage.guard.ask(f"events/{alarm.seq}/recordings"))["recordings"]
            clip = next((each for each in found if each["kind"] == "clips"), None)
            if clip is not None:
                return dict(clip)
        await asyncio.sleep(LOOKS_EVERY)
    return None


async def _play(stage: Stage, clip: Mapping[str, Any]) -> None:
    """Look at a film as the guard's browser does."""
    try:
        film = await stage.guard.fetch(f"recordings/{clip['id']}/read", **CASE)
    except GuardError as error:
        stage.check("the film can be looked at", ok=False, detail=str(error))
        return
    stage.check("it is the film that the log tells of", hashlib.sha256(film).hexdigest() == clip["sha256"])
    seen = await asyncio.to_thread(look_at, film)
    stage.check("it plays, and begins before the alarm", seen.seconds >= LEAST_SECONDS, f"{seen}")
    stage.check("somebody is in it", seen.stirred >= SOMEBODY, f"{seen}")


async def _hand_out(stage: Stage, alarm: Record) -> None:
    """Have two people hand out the alarm with its film, and somebody outside check it."""
    asked = {**CASE, "events": [alarm.seq]}
    code = await stage.press("the supervisor asks for the evidence", stage.second, "evidence/export", **asked)
    stage.check("one alone gets none", code == "second_person_needed", f"{code=}")
    try:
        package = await stage.officer.fetch("evidence/export", **asked)
    except GuardError as error:
        stage.check("the security officer agrees", ok=False, detail=str(error))
        return
    found, verdict = await _audited(stage.auditor, package)
    stage.check("whoever has the log's key finds it intact", found == 0 and "intact: " in verdict, verdict)
    found, verdict = await _audited(stage.auditor, _with_one_byte_changed(package))
    stage.check("and finds one byte that was changed", found == 1, verdict)


async def _audited(command: Sequence[str], package: bytes) -> tuple[int | None, str]:
    """Check a package as somebody outside does, by a program of its own; return its exit code and its words."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "evidence.zip"
        await asyncio.to_thread(path.write_bytes, package)
        checking = await asyncio.create_subprocess_exec(*command, str(path), stdout=subprocess.PIPE)
        try:
            async with asyncio.timeout(AUDITOR_SECONDS):
                said, _ = await checking.communicate()
        except TimeoutError:
            checking.kill()
            await checking.wait()
            return None, f"no verdict within {AUDITOR_SECONDS:.0f} s"
    return checking.returncode, said.decode().strip()


def _with_one_byte_changed(package: bytes) -> bytes:
    """Change one byte in the middle, which lies in the film: nothing else in there is as large."""
    middle = len(package) // 2
    return package[:middle] + bytes([package[middle] ^ 1]) + package[middle + 1 :]
