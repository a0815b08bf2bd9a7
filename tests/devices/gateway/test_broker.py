"""MQTT to the building's words and back: what each message means, and when it may be acknowledged."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from controller.domain.doors import LockStatus, Position
from controller.domain.effects import FireRelease, HoldUnlocked, Light, Release, Relock, Signal, Unlock
from controller.domain.events import UnlockFailure, Violation
from controller.domain.hygiene import BrokerFacts
from controller.domain.stimuli import (
    BatterySeen,
    Delivered,
    DeviceSeen,
    FaultSeen,
    LockSeen,
    Nothing,
    PinEntered,
    PositionSeen,
    PowerSeen,
    RexSeen,
    TamperSeen,
    UnlockFailed,
    ViolationSeen,
)
from devices.gateway import commands as module
from devices.gateway import holds
from devices.gateway.broker import CALLED_BACK, FIRE_SECONDS, MqttGateway
from devices.mqtt import messages as mqtt
from devices.mqtt.client import BrokerBack, BrokerLost
from tests.devices.gateway.conftest import settle

pytestmark = pytest.mark.anyio

LOCK, READER = "lock-comms-door", "reader-comms-in"
DOOR, AT = "comms-door", "comms-in"
BITS, RAW = 26, bytes.fromhex("5500ca80")
PIN_DIGITS = "90528"


class Client:
    """The broker's side: what was posted, and whether it is there."""

    def __init__(self):
        self.sent = []
        self.there = True

    def post(self, address, command):
        if self.there:
            self.sent.append((address.device, command))
        return self.there


@pytest.fixture
async def client():
    return Client()


@pytest.fixture
async def gateway(site, building, secrets, client):
    gateway = MqttGateway(site, building, secrets, boot="boot-1")
    gateway.connect(client.post)
    yield gateway
    gateway.stop()


@pytest.fixture
def say(gateway):
    """Hand a message in; what it was acknowledged with is a list."""

    def say(message):
        acks = []
        gateway.received(message, lambda: acks.append(message))
        return acks

    return say


def card(seq=1, ts=1_795_424_400_000, device=READER, boot="b1"):
    return mqtt.CardEvent(device, boot, seq, ts, BITS, RAW)


def keys(digits, seq=1, ts=1_795_424_400_000):
    return mqtt.KeyEvent(READER, "b1", seq, ts, digits)


def rex(device=LOCK, ts=1_795_424_400_000):
    return mqtt.RexEvent(device, "b1", 1, ts)


def online(device):
    return DeviceSeen(device, online=True, secure=False, detail="")


async def test_a_message_is_acknowledged_once_what_follows_from_it_is_durable(say, building):
    acks = say(card())
    await settle()
    assert acks == []
    await building.write()
    assert len(acks) == 1


async def test_nobody_acknowledges_what_was_given_up(say, building):
    acks = say(card())
    building.pending[0].cancel()
    await settle()
    assert acks == []


@pytest.mark.parametrize("message", [mqtt.Description(LOCK, 1, "m", (), "b1"), mqtt.Ack(LOCK, "x", mqtt.AckResult.OK)])
async def test_what_leads_to_nothing_is_acknowledged_at_once(say, building, message):
    acks = say(message)
    await settle()
    assert building.seen == []
    assert acks == [message]


async def test_a_card_is_its_token_and_its_number_goes_no_further(say, building):
    say(card(seq=7))
    [delivered] = building.seen
    assert (delivered.device, delivered.boot, delivered.seq) == (READER, "b1", 7)
    shown = delivered.stimulus
    assert (shown.reader, shown.format, shown.age) == (AT, "H10301", 0.0)
    assert shown.token.startswith("token H10301 ")


@pytest.mark.parametrize(("later", "age"), [(0, 0.0), (4_000, 4.0), (-3_000, -3.0), (600_000, 600.0)])
async def test_a_card_says_how_old_it_is(say, building, later, age):
    building.wall += later + 10_000
    say(card(ts=1_795_424_410_000))
    assert building.seen[0].stimulus.age == age


async def test_a_card_shown_to_a_box_that_was_not_there_is_older_than_any(say, building):
    say(card(ts=1_795_424_399_999))
    assert building.seen[0].stimulus.age > 1e9


@pytest.mark.parametrize("late", [-60_000, 60_000])
async def test_an_exit_button_told_late_releases_nothing(say, building, late):
    building.wall += 100_000
    say(rex(ts=building.wall + late))
    assert [delivered.stimulus for delivered in building.seen] == [Nothing()]


async def test_an_exit_button(say, building):
    say(rex())
    assert building.seen == [Delivered(LOCK, "b1", 1, RexSeen(DOOR))]


async def test_a_button_on_a_device_that_is_no_lock_asks_for_nothing(say, building):
    say(rex(device=READER))
    assert building.seen == [Delivered(READER, "b1", 1, Nothing())]


@pytest.mark.parametrize(
    ("state", "stimulus"),
    [
        (mqtt.LockState(LOCK, mqtt.LockWord.LOCKED), LockSeen(DOOR, LockStatus.LOCKED)),
        (mqtt.LockState(LOCK, mqtt.LockWord.UNLOCKED), LockSeen(DOOR, LockStatus.UNLOCKED)),
        (mqtt.LockState(LOCK, mqtt.LockWord.LOCKING), LockSeen(DOOR, LockStatus.UNLOCKED)),
        (mqtt.LockState(LOCK, mqtt.LockWord.UNLOCKING), LockSeen(DOOR, LockStatus.UNLOCKED)),
        (mqtt.LockState(LOCK, mqtt.LockWord.JAMMED), LockSeen(DOOR, LockStatus.JAMMED)),
        (mqtt.DoorState(LOCK, mqtt.DoorWord.OPEN), PositionSeen(DOOR, Position.OPEN)),
        (mqtt.DoorState(LOCK, mqtt.DoorWord.CLOSED), PositionSeen(DOOR, Position.CLOSED)),
        (mqtt.Tamper(LOCK, mqtt.TamperWord.TAMPERED), TamperSeen(LOCK, active=True)),
        (mqtt.Tamper(LOCK, mqtt.TamperWord.CLEAR), TamperSeen(LOCK, active=False)),
    ],
    ids=str,
)
async def test_a_state_is_an_observation_while_its_device_is_there(say, building, state, stimulus):
    say(mqtt.DeviceState(LOCK, mqtt.Lifecycle.READY))
    building.take()
    say(state)
    assert building.seen == [stimulus]


@pytest.mark.parametrize(
    ("word", "failed", "low"),
    [(mqtt.PowerWord.MAINS, False, False), (mqtt.PowerWord.BATTERY, True, False), (mqtt.PowerWord.LOW, True, True)],
)
async def test_a_supply_tells_of_the_mains_and_of_the_battery(say, building, word, failed, low):
    say(mqtt.DeviceState(LOCK, mqtt.Lifecycle.READY))
    building.take()
    say(mqtt.Power(LOCK, word))
    assert building.seen == [PowerSeen(LOCK, failed), BatterySeen(LOCK, low)]


async def test_what_the_broker_kept_of_a_device_counts_once_it_is_ready(say, building):
    acks = say(mqtt.LockState(LOCK, mqtt.LockWord.UNLOCKED))
    say(mqtt.LockState(LOCK, mqtt.LockWord.LOCKED))
    await settle()
    assert building.seen == []
    assert acks, "it stays with the broker as long as it is so"
    say(mqtt.DeviceState(LOCK, mqtt.Lifecycle.READY))
    assert building.seen == [online(LOCK), LockSeen(DOOR, LockStatus.LOCKED)]


@pytest.mark.parametrize("word", [mqtt.Lifecycle.LOST, mqtt.Lifecycle.DISCONNECTED])
@pytest.mark.parametrize("first", [True, False])
async def test_a_lock_that_is_gone_is_not_shown_locked_whatever_the_broker_kept(say, building, word, first):
    told = [mqtt.DeviceState(LOCK, word), mqtt.LockState(LOCK, mqtt.LockWord.LOCKED)]
    for message in told if first else reversed(told):
        say(message)
    assert building.seen == [DeviceSeen(LOCK, online=False, secure=False, detail=word.value)]


async def test_after_the_broker_was_away_every_state_is_read_anew(gateway, say, building):
    say(mqtt.DeviceState(LOCK, mqtt.Lifecycle.READY))
    gateway.link_changed(BrokerLost("cut"))
    gateway.link_changed(BrokerBack(resumed=True))
    building.take()
    say(mqtt.LockState(LOCK, mqtt.LockWord.LOCKED))
    assert building.seen == []
    say(mqtt.DeviceState(LOCK, mqtt.Lifecycle.READY))
    assert building.seen == [online(LOCK), LockSeen(DOOR, LockStatus.LOCKED)]


async def test_how_the_link_stands_and_how_often_it_was_lost(gateway, say, building):
    for link in (BrokerLost("nobody listens"), BrokerBack(resumed=False), BrokerLost("cut"), BrokerBack(resumed=True)):
        building.now += 5.0
        gateway.link_changed(link)
    building.now += 7.0
    say(mqtt.DeviceState(LOCK, mqtt.Lifecycle.READY))
    assert gateway.link() == BrokerFacts(True, 7.0, 1, "cut", len(gateway.devices), 1)
    gateway.link_changed(BrokerLost("frozen"))
    assert gateway.link() == BrokerFacts(False, 0.0, 2, "frozen", len(gateway.devices), 0)


async def test_without_the_broker_every_device_is_gone_and_nothing_unlocks(gateway, building, client, site):
    client.there = False
    gateway.link_changed(BrokerLost("cut"))
    gone = {seen.device for seen in building.take() if not seen.online}
    assert gone == set(gateway.devices)
    gateway.post(Unlock(DOOR, "r1", 5.0, building.now + 2.0))
    await settle()
    assert building.seen == [UnlockFailed(DOOR, "r1", UnlockFailure.DEVICE_OFFLINE)]
    assert client.sent == []


async def test_before_there_is_a_broker_nothing_unlocks(site, building, secrets):
    gateway = MqttGateway(site, building, secrets, boot="boot-1")
    gateway.post(Unlock(DOOR, "r1", 5.0, building.now + 2.0))
    await settle()
    assert building.seen == [UnlockFailed(DOOR, "r1", UnlockFailure.DEVICE_OFFLINE)]


async def test_a_broken_message_is_told_and_does_not_come_back(say, building):
    acks = say(mqtt.Malformed(f"ostiary/v1/embassy/{LOCK}/event/card", "seq: send a number"))
    assert building.seen == [ViolationSeen(LOCK, Violation.MALFORMED, "seq: send a number")]
    await building.write()
    assert acks


async def test_noise_on_a_foreign_topic_is_acknowledged_and_nothing_else(say, building):
    acks = say(mqtt.Malformed("", "topic: not UTF-8"))
    await settle()
    assert acks
    assert building.seen == []


@pytest.mark.parametrize(
    "message",
    [
        card(device="reader-nobody-knows"),
        mqtt.LockState("lock-nobody-knows", mqtt.LockWord.UNLOCKED),
        mqtt.DeviceState("lock-nobody-knows", mqtt.Lifecycle.READY),
    ],
    ids=str,
)
async def test_a_device_nobody_knows_opens_and_moves_nothing(say, building, message):
    say(message)
    for seen in building.seen:
        assert seen.stimulus == Nothing() if isinstance(seen, Delivered) else isinstance(seen, DeviceSeen)


async def test_a_pin_is_typed_key_by_key_and_leaves_as_its_proof(say, building, secrets):
    building.asked[AT] = "p-2-badge"
    for number, digit in enumerate(PIN_DIGITS, 1):
        say(keys(digit, number))
    say(keys("#", 9))
    assert [d.stimulus for d in building.seen[:-1]] == [Nothing()] * len(PIN_DIGITS)
    assert building.seen[-1].stimulus == PinEntered(AT, secrets.pin_proof("p-2-badge", PIN_DIGITS))


async def test_digits_told_twice_are_typed_once(say, building, secrets):
    building.asked[AT] = "p-2-badge"
    say(keys("90", 1))
    building.counted.add((READER, "b1", 1))
    say(keys("90", 1))
    say(keys("52#", 2))
    assert building.seen[-1].stimulus == PinEntered(AT, secrets.pin_proof("p-2-badge", "9052"))


async def test_keys_pressed_long_ago_are_no_pin(say, building):
    building.asked[AT] = "p-2-badge"
    building.wall += 60_000
    say(keys("9052#", ts=building.wall - 30_000))
    assert building.seen[-1].stimulus == Nothing()


async def test_no_digit_is_in_what_leaves_the_gateway(gateway, say, building, secrets, capsys, caplog):
    building.asked[AT] = "p-2-badge"
    say(keys(PIN_DIGITS[:3], 1))
    say(keys(f"{PIN_DIGITS[3:]}#", 2))
    say(mqtt.Malformed(f"ostiary/v1/embassy/{READER}/event/key", "digits: send 0-9, * and #"))
    told = repr(building.seen) + repr(keys(PIN_DIGITS)) + caplog.text + "".join(capsys.readouterr())
    proof = secrets.pin_proof("p-2-badge", PIN_DIGITS)
    assert proof in told
    told = told.replace(proof, "")  # a hash, which holds any three digits by chance
    assert PIN_DIGITS not in told
    assert PIN_DIGITS[:3] not in told


async def test_an_unlock_leaves_with_its_deadline_and_its_time(gateway, building, client):
    gateway.post(Unlock(DOOR, "r1", 5.0, building.now + 1.5))
    [(device, command)] = client.sent
    assert device == LOCK
    assert command == mqtt.LockCommand(command.id, building.wall + 1500, mqtt.LockAction.UNLOCK, 5000)


@pytest.mark.parametrize(
    ("result", "why"),
    [
        (mqtt.AckResult.REFUSED, UnlockFailure.DEVICE_REFUSED),
        (mqtt.AckResult.EXPIRED, UnlockFailure.DEADLINE_PASSED),
        (mqtt.AckResult.JAMMED, UnlockFailure.JAMMED),
    ],
)
async def test_an_unlock_that_failed_at_the_lock(gateway, say, building, client, result, why):
    gateway.post(Unlock(DOOR, "r1", 5.0, building.now + 2.0))
    say(mqtt.Ack(LOCK, client.sent[0][1].id, result))
    assert building.seen == [UnlockFailed(DOOR, "r1", why)]
    say(mqtt.Ack(LOCK, client.sent[0][1].id, result))
    assert len(building.seen) == 1, "told once"


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.01)


@pytest.mark.usefixtures("impatient")
async def test_an_unlock_nobody_answers_has_failed(gateway, building):
    gateway.post(Unlock(DOOR, "r1", 5.0, building.now + 0.01))
    async with asyncio.timeout(20):
        while not building.seen:  # noqa: ASYNC110 - a timer tells nobody
            await asyncio.sleep(0.01)
    assert building.seen == [UnlockFailed(DOOR, "r1", UnlockFailure.DEVICE_OFFLINE)]


@pytest.mark.usefixtures("impatient")
async def test_another_device_cannot_answer_for_a_lock(gateway, say, building, client):
    gateway.post(Unlock(DOOR, "r1", 5.0, building.now + 0.01))
    say(mqtt.Ack("lock-parking-door", client.sent[0][1].id, mqtt.AckResult.OK))
    async with asyncio.timeout(20):
        while not building.seen:  # noqa: ASYNC110 - a timer tells nobody
            await asyncio.sleep(0.01)
    assert building.seen == [UnlockFailed(DOOR, "r1", UnlockFailure.DEVICE_OFFLINE)]


@pytest.mark.usefixtures("impatient")
async def test_an_unlock_that_was_done_is_not_failed_later(gateway, say, building, client):
    gateway.post(Unlock(DOOR, "r1", 5.0, building.now + 0.01))
    say(mqtt.Ack(LOCK, client.sent[0][1].id, mqtt.AckResult.OK))
    await asyncio.sleep(0.1)
    assert building.seen == []


async def test_relock_release_and_light(gateway, building, client):
    gateway.post(Relock(DOOR))
    gateway.post(Release(DOOR, 4.0))
    for light in Light:
        gateway.post(Signal(AT, light))
    sent = [(device, command) for device, command in client.sent]
    assert (sent[0][0], sent[0][1].action, sent[0][1].ms) == (LOCK, mqtt.LockAction.LOCK, 0)
    assert (sent[1][0], sent[1][1].action, sent[1][1].ms) == (LOCK, mqtt.LockAction.UNLOCK, 4000)
    assert [device for device, _ in sent[2:]] == [READER] * len(Light)
    assert sent[2][1].signal is mqtt.ReaderSignal.GRANTED
    assert len({command.id for _, command in sent}) == len(sent)
    assert all(command.expires_at == building.wall + 2000 for _, command in sent)


async def test_a_wire_cut_at_a_device_is_a_fault_until_it_is_whole(say, building):
    def wire(name, state, seq):
        say(mqtt.InputEvent(LOCK, "b1", seq, building.wall, name, state))
        return building.take()[0].stimulus

    assert wire("pir", mqtt.InputWord.NORMAL, 1) == FaultSeen(LOCK, active=False, detail="")
    assert wire("pir", mqtt.InputWord.OPEN_LOOP, 2) == FaultSeen(LOCK, active=True, detail="pir is cut or shorted")
    assert wire("glass", mqtt.InputWord.SHORTED, 3) == Nothing()
    assert wire("pir", mqtt.InputWord.ACTIVE, 4) == Nothing()
    assert wire("glass", mqtt.InputWord.NORMAL, 5) == FaultSeen(LOCK, active=False, detail="")


async def test_a_stopped_gateway_waits_for_no_answer(gateway, building):
    gateway.post(replace(Unlock(DOOR, "r1", 5.0, building.now), deadline=building.now))
    gateway.stop()
    await asyncio.sleep(module.GRACE_SECONDS * 1.2)
    assert building.seen == []


def asked(client):
    return [(command.action, command.ms) for device, command in client.sent if device == LOCK]


HOLD = (mqtt.LockAction.UNLOCK, round(holds.LEASE_SECONDS * 1000))
FIRE = (mqtt.LockAction.UNLOCK, round(FIRE_SECONDS * 1000))
LOCKED = (mqtt.LockAction.LOCK, 0)


async def test_a_held_lock_is_told_again_until_the_hold_ends(hurried, gateway, client):
    gateway.post(HoldUnlocked(DOOR))
    await asyncio.sleep(0.05)
    told = asked(client)
    assert len(told) > 2
    assert set(told) == {HOLD}
    gateway.post(Relock(DOOR))
    await asyncio.sleep(0.05)
    assert asked(client)[-1] == LOCKED
    assert asked(client).count(LOCKED) == 1


async def test_a_momentary_unlock_does_not_end_a_hold_earlier(gateway, building, client):
    gateway.post(HoldUnlocked(DOOR))
    gateway.post(Release(DOOR, 4.0))
    gateway.post(Unlock(DOOR, "r1", 5.0, building.now + 2.0))
    assert asked(client) == [HOLD] * 3
    gateway.post(Relock(DOOR))
    gateway.post(Release(DOOR, 4.0))
    assert asked(client)[-1] == (mqtt.LockAction.UNLOCK, 4000)


@pytest.mark.parametrize(
    "gone",
    [
        lambda gateway: gateway.received(mqtt.DeviceState(LOCK, mqtt.Lifecycle.LOST), lambda: None),
        lambda gateway: gateway.link_changed(BrokerLost("killed")),
        lambda gateway: gateway.stop(),
    ],
    ids=["device", "broker", "box"],
)
async def test_nobody_tells_a_lock_that_is_gone_until_it_is_decided_anew(hurried, gateway, client, gone):
    gateway.post(HoldUnlocked(DOOR))
    gone(gateway)
    before = len(asked(client))
    await asyncio.sleep(0.05)
    assert len(asked(client)) == before


async def test_a_fire_release_outlives_a_lost_link_and_goes_on_being_told(hurried, gateway, client):
    gateway.post(FireRelease(DOOR))
    gateway.received(mqtt.DeviceState(LOCK, mqtt.Lifecycle.LOST), lambda: None)
    await asyncio.sleep(0.05)
    assert len(asked(client)) > 2
    assert set(asked(client)) == {FIRE}
    gateway.post(Release(DOOR, 4.0))
    assert asked(client)[-1] == FIRE


async def test_what_is_not_answered_is_told_again_word_for_word_until_it_is(gateway, say, building, client, hasty):
    gateway.post(Unlock(DOOR, "r1", 5.0, building.now + 60.0))
    async with asyncio.timeout(20):
        while len(client.sent) < 3:  # noqa: ASYNC110 - a timer tells nobody
            await asyncio.sleep(0.005)
    assert len({command for _, command in client.sent}) == 1, "the same id, and the same end"
    say(mqtt.Ack(LOCK, client.sent[0][1].id, mqtt.AckResult.OK))
    told = len(client.sent)
    await asyncio.sleep(0.1)
    assert len(client.sent) == told
    assert building.seen == []


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.01)


@pytest.mark.usefixtures("hasty")
async def test_an_unlock_is_not_told_again_once_the_door_was_locked(gateway, client, building):
    """Or a lockdown would be undone by an unlock from before it."""
    gateway.post(Unlock(DOOR, "r1", 5.0, building.now + 60.0))
    gateway.post(Relock(DOOR))
    async with asyncio.timeout(20):
        while len(client.sent) < 4:  # noqa: ASYNC110 - a timer tells nobody
            await asyncio.sleep(0.005)
    assert [command.action for _, command in client.sent[1:]] == [mqtt.LockAction.LOCK] * (len(client.sent) - 1)


@pytest.mark.usefixtures("hasty")
async def test_another_door_and_a_light_are_told_on(gateway, client, building):
    gateway.post(Relock(DOOR))
    gateway.post(Signal(AT, Light.DENIED))
    async with asyncio.timeout(20):
        while {LOCK, READER} - {device for device, _ in client.sent[2:]}:  # noqa: ASYNC110 - a timer tells nobody
            await asyncio.sleep(0.005)


@pytest.mark.usefixtures("hasty", "impatient")
async def test_nothing_is_told_again_past_its_end(gateway, client, building):
    gateway.post(Unlock(DOOR, "r1", 5.0, building.now + 0.05))
    async with asyncio.timeout(20):
        while not building.seen:  # noqa: ASYNC110 - a timer tells nobody
            await asyncio.sleep(0.005)
    told = len(client.sent)
    await asyncio.sleep(0.1)
    assert len(client.sent) == told
    assert building.seen == [UnlockFailed(DOOR, "r1", UnlockFailure.DEVICE_OFFLINE)]


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("gone", [mqtt.Lifecycle.LOST, mqtt.Lifecycle.DISCONNECTED, mqtt.Lifecycle.INIT, None])
async def test_a_device_that_went_away_is_not_told_again_what_was_asked_before(gateway, say, client, building, gone):
    gateway.post(Unlock(DOOR, "r1", 5.0, building.now + 60.0))
    if gone is None:
        gateway.link_changed(BrokerLost("killed"))
    else:
        say(mqtt.DeviceState(LOCK, gone))
    say(mqtt.DeviceState(LOCK, mqtt.Lifecycle.READY))
    await asyncio.sleep(0.1)
    assert len(client.sent) == 1


async def test_a_device_of_another_contract_counts_as_away_and_says_why_once(gateway, say, building, client):
    say(mqtt.DeviceState(LOCK, mqtt.Lifecycle.READY))
    assert building.take() == [online(LOCK)]
    say(mqtt.OtherContract(LOCK, 2))
    violation, away = building.take()
    assert violation == ViolationSeen(LOCK, Violation.MALFORMED, violation.detail)
    assert "version 2 of the contract, this box version 1" in violation.detail
    assert away == DeviceSeen(LOCK, online=False, secure=False, detail=violation.detail)
    say(mqtt.OtherContract(LOCK, 2))
    say(mqtt.DeviceState(LOCK, mqtt.Lifecycle.READY))
    say(mqtt.LockState(LOCK, mqtt.LockWord.LOCKED))
    say(rex())
    assert building.take() == []
    gateway.post(Unlock(DOOR, "r1", 5.0, building.now + 2.0))
    await settle()
    assert client.sent == []
    assert building.take() == [UnlockFailed(DOOR, "r1", UnlockFailure.DEVICE_OFFLINE)]
    gateway.post(Relock(DOOR))
    assert len(client.sent) == 1, "whatever it makes of it, nobody is let in by it"


async def test_once_it_speaks_our_contract_a_device_is_taken_at_its_word(say, building):
    say(mqtt.OtherContract(LOCK, 2))
    building.take()
    say(mqtt.Description(LOCK, 1, "m", (), "b2"))
    say(mqtt.DeviceState(LOCK, mqtt.Lifecycle.READY))
    assert building.take() == [online(LOCK)]


async def test_who_was_called_back_has_no_say_whatever_the_broker_still_holds_of_it(gateway, say, building, client):
    say(mqtt.DeviceState(LOCK, mqtt.Lifecycle.READY))
    building.take()
    gateway.refuse(frozenset({LOCK}))
    gateway.refuse(frozenset({LOCK}))
    assert building.take() == [DeviceSeen(LOCK, online=False, secure=False, detail=CALLED_BACK)]
    acks = say(mqtt.DeviceState(LOCK, mqtt.Lifecycle.READY))
    say(rex())
    say(mqtt.DoorState(LOCK, mqtt.DoorWord.OPEN))
    await settle()
    assert len(acks) == 1, "or the broker would tell it for ever"
    assert building.take() == []
    gateway.post(Unlock(DOOR, "r1", 5.0, building.now + 2.0))
    await settle()
    assert client.sent == []
    assert building.take() == [UnlockFailed(DOOR, "r1", UnlockFailure.DEVICE_OFFLINE)]
    gateway.refuse(frozenset())
    say(mqtt.DeviceState(LOCK, mqtt.Lifecycle.READY))
    assert building.take() == [online(LOCK)]
