"""Cameras over the whole box and real RTSP: hands cover, turn and cut them; the guard's alarms say which and what."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time

import psutil
import pytest

from controller.bootstrap import Box, Ports
from controller.demo import make_keys
from controller.domain.alarms import AlarmKind
from controller.domain.heads import TurnCamera
from controller.domain.ids import OperatorId
from controller.domain.operators import Operator, Refusal, Role
from controller.domain.stimuli import OperatorEnrolled
from controller.site.loader import load_site
from simulators.building import Building
from simulators.camera_head import Aim, CameraHead
from simulators.hand import Orders
from simulators.secrets_of import make_missing, read_logins
from tests.devices.lines import running_bus

pytestmark = [pytest.mark.anyio, pytest.mark.scenario, pytest.mark.timeout(180)]

PATIENCE = 40.0
GIL = OperatorId("gil")
HEAD = 'head = { driver = "pelco_d", port = "PORT", address = 3, presets = { 1 = "Hall" }, home = 1 }'
CAMERAS = "".join(
    f"""
[[camera]]
id = "{name}"
name = "{name}"
zone = "hall"
position = [10, 10]
url = "rtsp://192.0.2.1/{name}"
purpose = "Safety of visitors"
view = "The hall"
legal_basis = "DPIA-1"
masks = []
retention_days = 1
{head}
"""
    for name, head in (("cam-hall", ""), ("cam-stairs", HEAD))
)
SITE = f"""
[site]
id = "hall"
name = "A hall with two cameras"
timezone = "UTC"
plan = [100, 100]

[[zone]]
id = "hall"
name = "Hall"
level = "controlled"
minimum_assurance = "copyable"
shape = [[0, 0], [50, 0], [50, 50], [0, 50]]

[[schedule]]
id = "always"
name = "Always"
always = true

[[access_level]]
id = "all"
name = "All"
zones = ["hall"]
schedule = "always"

[[threat_level]]
number = 0
name = "Normal"
{CAMERAS}"""


@pytest.fixture
def anyio_backend():
    return "asyncio"


async def test_a_covered_a_turned_and_a_killed_camera_are_each_told_and_their_neighbour_goes_on(tmp_path):
    folder, file = tmp_path / "data", tmp_path / "site.toml"
    head = CameraHead(3)
    head.presets[1] = Aim(pan=40.0)
    file.write_text(SITE.replace("PORT", str(tmp_path / "heads")))
    site = load_site(file)
    make_keys(folder, site)
    make_missing(folder, site)
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(running_bus(head, baud=2_400, link=tmp_path / "heads"))
        building = await stack.enter_async_context(Building(site, [], keys={}, logins=read_logins(folder)))
        box = await stack.enter_async_context(Box(folder, file, Ports(cameras=building.camera_urls, console=False)))
        orders = Orders(building)

        def alarms(kind: AlarmKind, camera: str = "cam-hall") -> list[tuple[str, bool]]:
            known = box.core.runtime.state.alarms.values()
            return [(a.detail, a.persists) for a in known if (a.kind, a.source.camera) == (kind, camera)]

        async def sees(condition) -> None:
            async with asyncio.timeout(PATIENCE):
                while not condition():  # noqa: ASYNC110 - a state rings no bell
                    await asyncio.sleep(0.05)

        await sees(lambda: len(box.core.runtime.state.views) == 2)
        (eyes,) = [child for child in psutil.Process().children() if "vision.worker" in child.cmdline()]
        assert eyes.cpu_affinity() == sorted(os.sched_getaffinity(0))[1:] or len(os.sched_getaffinity(0)) == 1
        for verb, kind, words in (
            ("cover_camera", AlarmKind.CAMERA_COVERED, "the picture is black"),
            ("turn_camera", AlarmKind.CAMERA_MOVED, "it no longer looks where it did"),
        ):
            await orders.obey({"verb": verb, "camera": "cam-hall"})
            await sees(lambda kind=kind: alarms(kind))
            ((told, persists),) = alarms(kind)
            assert told.startswith(words)
            assert persists
            await orders.obey({"verb": "mend_camera", "camera": "cam-hall"})
            await sees(lambda kind=kind: not alarms(kind)[0][1])
        await orders.obey({"verb": "kill_camera", "camera": "cam-hall"})
        await sees(lambda: alarms(AlarmKind.CAMERA_LOST))
        await orders.obey({"verb": "restart_camera", "camera": "cam-hall"})
        await sees(lambda: not any(persists for _, persists in alarms(AlarmKind.CAMERA_LOST)))
        assert not any(a.source.camera == "cam-stairs" for a in box.core.runtime.state.alarms.values())

        assert head.aim(time.monotonic()).pan == 40.0, "it was sent home when the box started"
        await box.core.runtime.submit(OperatorEnrolled("test", Operator(GIL, Role.GUARD)))
        assert await box.building.order(GIL, TurnCamera("cam-hall", 1.0, 0.0, 0.0, 1.0)) is Refusal.CANNOT_BE_TURNED
        assert await box.building.order(GIL, TurnCamera("cam-stairs", 1.0, 0.0, 0.0, 0.3)) is None
        await sees(lambda: head.aim(time.monotonic()).pan != 40.0)
        await orders.obey({"verb": "turn_camera", "camera": "cam-stairs"})  # what that looks like in its picture
        await sees(lambda: box.heads.holds_back("cam-stairs"))
        assert not alarms(AlarmKind.CAMERA_MOVED, "cam-stairs")
        assert head.aim(time.monotonic()) == head.aim(time.monotonic() + 60.0), "it stands"
