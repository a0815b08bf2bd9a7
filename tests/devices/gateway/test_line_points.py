"""Points and outputs on an OSDP I/O module: what its inputs mean, and what its relays are told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain.effects import SetOutput
from controller.domain.points import AlarmOutput, OutputKind, Point, PointCondition, PointKind
from controller.domain.site import Input, Output
from controller.domain.stimuli import OutputSeen, PointSeen
from devices.gateway.lines import OsdpGateway
from devices.osdp import events as osdp
from devices.osdp.commands import OutputControl
from tests.devices.gateway.test_lines import KEY, Line

pytestmark = pytest.mark.anyio

PIR, SIREN, INPUT, RELAY = "pir", "siren", 14, 6


@pytest.fixture
async def gateway(site, building, secrets):
    pir = Point(PIR, "PIR", "lobby", PointKind.PIR, Input("osdp-io", INPUT))
    siren = AlarmOutput(SIREN, "Siren", OutputKind.SIREN, Output("osdp-io", RELAY))
    guarded = replace(site, points={**site.points, PIR: pir}, outputs={**site.outputs, SIREN: siren})
    keys = {device.id: KEY for device in site.devices.values() if device.secure_channel}
    gateway = OsdpGateway(guarded, building, secrets, keys, dict.fromkeys(site.lines, "/dev/null"))
    gateway._lines = {line: Line() for line in gateway._lines}
    yield gateway
    gateway._settling.stop()


@pytest.mark.parametrize(
    ("level", "condition"),
    [
        (0, PointCondition.NORMAL),
        (1, PointCondition.ACTIVE),
        (2, PointCondition.SHORTED),
        (3, PointCondition.OPEN_LOOP),
        (9, PointCondition.OPEN_LOOP),
    ],
)
async def test_the_first_word_of_a_supervised_input_counts_at_once(gateway, building, site, level, condition):
    states = [0] * 16
    states[INPUT] = level
    told = osdp.InputsReported(site.devices["osdp-io"].address, tuple(states))
    durable = list(gateway._stimuli(site.devices["osdp-io"], told))
    seen = [*building.seen, *durable]
    assert [s for s in seen if isinstance(s, PointSeen) and s.point == PIR] == [PointSeen(PIR, condition)]


async def test_what_a_relay_does_is_its_own_word(gateway, site):
    device = site.devices["osdp-io"]
    states = tuple(int(index == RELAY) for index in range(8))
    told = list(gateway._stimuli(device, osdp.OutputsReported(device.address, states)))
    assert told == [OutputSeen(SIREN, on=True)]


@pytest.mark.parametrize(
    ("order", "record"),
    [
        (SetOutput(SIREN, on=True), (OutputControl.ON, 0)),
        (SetOutput(SIREN, on=True, seconds=2.5), (OutputControl.TIMED_ON, 25)),
        (SetOutput(SIREN, on=True, seconds=10_000.0), (OutputControl.ON, 0)),
        (SetOutput(SIREN, on=False), (OutputControl.OFF, 0)),
    ],
)
async def test_a_siren_is_told_to_its_own_relay(gateway, order, record):
    gateway.post(order)
    [line] = gateway._lines.values()
    [(_, command, *_rest)] = line.sent
    [told] = command.records
    assert (told.output, told.control, told.timer) == (RELAY, *record)
