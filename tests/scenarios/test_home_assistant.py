"""Home Assistant at the box's own broker: what it is shown, what it may ask for, and what it gets.

It is played by a client that does what its MQTT integration does: discovery below `homeassistant`, retained states.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from controller.domain import stimuli as st
from controller.domain.home_assistant import HomeAssistant
from controller.domain.operators import Operator, Role, StartLockdown
from devices.gateway.home_assistant import PAUSE_SECONDS
from devices.mqtt.identity import context
from simulators.hand import until
from tests.scenarios import test_modes
from tests.scenarios.test_modes import house

__all__ = ["house"]

pytestmark = [pytest.mark.anyio, pytest.mark.scenario, pytest.mark.timeout(180)]

TABLE = """
[home_assistant]
doors = ["front", "hall"]
orders = ["front"]
"""
LOCK, CONTACT = (f"homeassistant/{kind}/ostiary-house/{{}}/config" for kind in ("lock", "binary_sensor"))
TRIES = 10
COMMAND = '{"id": "x", "expires_at": 9999999999999, "action": "UNLOCK", "ms": 900}'
FRONT, HALL = "ostiary/ha/v1/house/front", "ostiary/ha/v1/house/hall"


class Kitchen:
    """A Home Assistant: `found` is every retained payload that it was given, by topic."""

    def __init__(self, bundle, port):
        self.found: dict[str, str] = {}
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "whatever")
        self._client.tls_set_context(context(bundle))
        self._client.on_connect = self._connected
        self._client.on_message = lambda _client, _data, message: self._take(message.topic, message.payload.decode())
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    @property
    def connected(self):
        return self._client.is_connected()

    def says(self, topic, payload, *, retain=False):
        self._client.publish(topic, payload, qos=1, retain=retain)

    def leave(self):
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client, *_):
        self.found.clear()
        client.subscribe([("homeassistant/#", 1), ("ostiary/#", 1)])

    def _take(self, topic, payload):
        self.found[topic] = payload
        if not payload:
            del self.found[topic]


@pytest.fixture(autouse=True)
def shown(monkeypatch):
    monkeypatch.setattr(test_modes, "SITE", test_modes.SITE + TABLE)


@pytest.fixture
def kitchen(house, tmp_path):
    kitchen = Kitchen(tmp_path / "bundles" / "home-assistant", house.box.broker.port)
    yield kitchen
    kitchen.leave()


def refusals(house):
    records = house.box.building.read(before=None, limit=1000)
    return [(r.event.operator, r.event.subject, r.event.why.value) for r in records if r.kind == "order_refused"]


async def appointed(house):
    await house.box.building.submit(st.OperatorEnrolled("test", Operator("home-assistant", Role.GUARD)))


async def test_doors_are_found_there_as_they_are_seen_to_stand(house, kitchen):
    found = kitchen.found
    await house.sees(lambda: found.get(f"{FRONT}/lock") == found.get(f"{HALL}/lock") == "LOCKED")
    await house.sees(lambda: found.get("ostiary/ha/v1/house/$state") == found.get(f"{FRONT}/available") == "online")
    await house.sees(lambda: found.get(f"{FRONT}/contact") == "CLOSED")
    lock, contact = (json.loads(found[kind.format("front")]) for kind in (LOCK, CONTACT))
    assert lock["state_topic"] == f"{FRONT}/lock"
    assert lock["command_topic"] == f"{FRONT}/set"
    assert (lock["optimistic"], lock["retain"]) == (False, False)
    assert [each["topic"] for each in lock["availability"]] == ["ostiary/ha/v1/house/$state", f"{FRONT}/available"]
    assert (contact["state_topic"], contact["device_class"]) == (f"{FRONT}/contact", "door")
    assert lock["device"] == contact["device"]
    assert lock["unique_id"] != contact["unique_id"]
    house.hand.force_open("hall")
    await house.sees(lambda: found.get(f"{HALL}/contact") == "OPEN")
    house.building.mqtt_devices()["lock-front"].unplug()
    await house.sees(lambda: found[f"{FRONT}/available"] == "offline")


async def test_it_orders_as_an_operator_of_its_own_about_the_doors_it_may(house, kitchen):
    energised = {door: house.building.door(door).truth.energised_at for door in ("front", "hall")}
    await house.sees(lambda: kitchen.found.get(f"{FRONT}/lock") == "LOCKED")
    kitchen.says(f"{FRONT}/set", "UNLOCK")
    await house.sees(lambda: refusals(house) == [("home-assistant", "front", "unknown_operator")])
    await appointed(house)
    for topic, word, retain in (
        (f"{HALL}/set", "UNLOCK", False),  # a door that it only sees
        (f"{FRONT}/set", "OPEN", False),
        (f"{FRONT}/set", "UNLOCK", True),  # which would come again with every start
        ("ostiary/v1/house/lock-front/cmd/lock", COMMAND, False),  # the lock's own
    ):
        kitchen.says(topic, word, retain=retain)
    assert await house.order("gil", StartLockdown("shots")) is None
    await asyncio.sleep(PAUSE_SECONDS)
    kitchen.says(f"{FRONT}/set", "UNLOCK")
    await house.sees(lambda: ("home-assistant", "front", "lockdown") in refusals(house))
    assert len(refusals(house)) == 2
    assert {door: house.building.door(door).truth.energised_at for door in ("front", "hall")} == energised


async def test_a_door_that_it_may_order_about_opens_and_locks_again_and_the_record_says_who(house, kitchen):
    await appointed(house)
    await house.sees(lambda: kitchen.found.get(f"{FRONT}/lock") == "LOCKED")
    before = len(house.building.door("front").truth.energised_at)
    for _ in range(TRIES):  # a busy disk refuses: whoever stands there presses again
        kitchen.says(f"{FRONT}/set", "UNLOCK")
        if await until(lambda: len(house.building.door("front").truth.energised_at) > before, 2 * PAUSE_SECONDS):
            break
    assert len(house.building.door("front").truth.energised_at) > before
    await house.sees(lambda: house.locked("front"))
    records = house.box.building.read(before=None, limit=1000)
    assert {r.event.operator for r in records if r.kind == "door_unlock_ordered"} == {"home-assistant"}
    kitchen.says(f"{FRONT}/set", "LOCK")
    await house.sees(lambda: any(r.kind == "door_lock_ordered" for r in house.box.building.read(before=None, limit=50)))


async def test_what_the_site_file_no_longer_shows_is_taken_back(house, kitchen):
    await house.sees(lambda: {LOCK.format("hall"), f"{HALL}/lock"} <= kitchen.found.keys())
    before = house.box.core.runtime.site
    now = replace(before, home_assistant=HomeAssistant("home-assistant", ("front",), frozenset()))
    assert "home assistant" in await house.box._replugged(before, now)
    await house.sees(lambda: kitchen.found.get("ostiary/ha/v1/house/$state") == "online")
    await house.sees(lambda: LOCK.format("front") in kitchen.found)
    await house.sees(lambda: not any("hall" in topic for topic in kitchen.found))


async def test_whose_certificate_was_called_back_is_out(house, kitchen):
    await house.sees(lambda: kitchen.connected)
    await house.box.pki.commands["pki_revoke"]({"device": "home-assistant", "reason": "sold", "author": "test"})
    await house.sees(lambda: not kitchen.connected)
