"""The broker goes, by SIGKILL, by SIGSTOP, and comes back: what its doors do meanwhile, and what the others do.

`front` is a strike on MQTT; `hall` a magnet on OSDP.
"""

from __future__ import annotations

import os
import signal
import time

import pytest

from controller.domain.operators import UnlockOnce
from tests.scenarios.test_modes import House, house

__all__ = ["house"]

pytestmark = [pytest.mark.anyio, pytest.mark.scenario, pytest.mark.timeout(180)]

BACK_SECONDS = 10.0


def front_is_online(house: House) -> bool:
    return house.state.device("lock-front").online is True


async def lost(house: House, number: int) -> None:
    """The broker is struck; its door goes away, and shows nothing that nobody sees."""
    os.kill(house.box.broker.pid, number)
    await house.sees(lambda: not front_is_online(house))
    assert house.locked("front")


async def unlocks(house: House, door: str) -> None:
    assert await house.order("sue", UnlockOnce(door, "a parcel")) is None


async def both_obey(house: House) -> None:
    for door in ("front", "hall"):
        await house.opens(door, lambda door=door: unlocks(house, door))
        await house.sees(lambda door=door: house.locked(door))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=lambda number: number.name)
async def test_doors_on_osdp_go_on_those_on_mqtt_stay_shut_and_all_is_told_anew_within_ten_seconds(house, number):
    broker = house.box.broker
    await lost(house, number)
    energised = house.building.door("front").truth.energised_at
    if number is signal.SIGSTOP:  # a killed one is back before anybody could ask
        await house.order("sue", UnlockOnce("front", "a parcel"))
        assert await house.opens("hall", lambda: unlocks(house, "hall")) < 5.0, "a frozen broker holds nobody else up"
        house.hand.force_open("front")  # what happens meanwhile is told afterwards
        os.kill(broker.pid, signal.SIGCONT)
    back = time.monotonic()
    await house.sees(lambda: front_is_online(house))
    assert time.monotonic() - back < BACK_SECONDS
    assert house.building.door("front").truth.energised_at == energised, "no unlock from before opens it now"
    if number is signal.SIGSTOP:
        await house.sees(lambda: house.state.door("front").position.value == "open")
    else:
        await both_obey(house)
