"""A building of 64 doors as `ostiary-sim site` writes it, played by a process of its own, at a whole box.

Its 128 readers have commissioned keys or certificates. Each door is judged by the building: whether its lock let go.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from controller.bootstrap import Box, Ports
from controller.demo import make_keys, simulated
from controller.domain.site import DeviceKind
from controller.rules.lockdown import not_secured
from controller.site.loader import load_site
from controller.site.people import load_people
from simulators.estate import GATES, Estate, person, reader, write
from simulators.hand import until

pytestmark = [pytest.mark.anyio, pytest.mark.scenario, pytest.mark.timeout(240)]

DOORS, READERS = 64, 128
UP_WITHIN = 90.0
"""Seconds for the building to be assembled, heard of and secured, on a machine that does other things as well."""
SHOWN_AT_MOST = 3
"""A disk that is slow just then refuses a grant, rightly: the badge is shown again."""


@pytest.fixture
def anyio_backend():
    return "asyncio"


def way_of(number: int) -> str:
    """Return from which side a door is tried: by turns."""
    return "out" if number % 2 else "in"


async def opened(simulator, number: int) -> bool:
    """Show a badge until the building says that the door's lock let go."""
    for _ in range(SHOWN_AT_MOST):
        simulator.tell(
            hand={"verb": "present_card", "reader": reader(number, way_of(number)), "person": person(number)}
        )
        if (await simulator.hear_of("done"))["energised"]:
            return True
    return False


async def test_64_doors_open_to_their_badges(tmp_path: Path):
    file, people, folder = tmp_path / "site.toml", tmp_path / "people.csv", tmp_path / "box"
    write(Estate(DOORS, READERS, tmp_path / "ports"), file, people)
    site = load_site(file)
    make_keys(folder, site)
    secured = [d.id for d in site.devices.values() if d.kind is DeviceKind.OSDP]
    assert len(json.loads((folder / "osdp-keys.json").read_text())) == len(secured)
    async with simulated(file, people, folder) as simulator:
        ready = await simulator.hear_of("ready")
        async with Box(folder, file, Ports(lines=ready["lines"], console=False)) as box:
            await box.admin.import_people(load_people(people, site), "test")
            await box.pki.equip(folder / "bundles", "test")
            simulator.tell(mqtt={"port": box.broker.port, "bundles": str(folder / "bundles")})
            assert (await simulator.hear_of("connected"))["devices"]
            assert await until(
                lambda: all(box.core.runtime.state.device(device).secure for device in secured), UP_WITHIN
            )
            assert await until(lambda: not not_secured(site, box.core.runtime.state), UP_WITHIN)
            assert all(box.core.runtime.state.device(device).online for device in site.devices)
            for number in range(GATES, DOORS):  # the first two, a turnstile and a barrier, are gone through otherwise
                assert await opened(simulator, number), reader(number, way_of(number))
            granted = [r.event for r in box.building.read(before=None, limit=10_000) if r.kind == "access_granted"]
            assert {event.reader for event in granted} == {reader(n, way_of(n)) for n in range(GATES, DOORS)}
            assert not [
                alarm for alarm in box.core.runtime.state.alarms.values() if alarm.kind.startswith("secure_channel")
            ]
