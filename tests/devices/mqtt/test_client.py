"""The box's client and simulated devices around a real Mosquitto."""

import asyncio
import os
import signal
import socket
import sys
import time

import pytest

from devices.mqtt.client import BrokerBack, BrokerLost
from devices.mqtt.messages import (
    Ack,
    AckResult,
    CardEvent,
    Description,
    DeviceState,
    DoorState,
    DoorWord,
    KeyEvent,
    Lifecycle,
    LockAction,
    LockCommand,
    LockState,
    LockWord,
    Malformed,
    Power,
    PowerWord,
    ReaderCommand,
    ReaderSignal,
    RexEvent,
    Tamper,
    TamperWord,
)
from devices.mqtt.topics import Address, DeviceId
from simulators.door import Door
from simulators.lock import MqttLock
from simulators.mechanism import Parts
from simulators.mqtt_reader import MqttReader

pytestmark = pytest.mark.anyio

LOCK, READER = Address("embassy", DeviceId("lock-1")), Address("embassy", DeviceId("reader-1"))
H10301 = (26, bytes.fromhex("02000080"))


def now_ms():
    return time.time_ns() // 1_000_000


def unlock(command_id="c-1", ms=200, expires_in=60_000):
    return LockCommand(command_id, now_ms() + expires_in, LockAction.UNLOCK, ms)


async def test_a_card_arrives_bit_for_bit_and_an_acknowledged_one_never_comes_back(listen, reader):
    async with listen() as ears:
        await ears.hear(BrokerBack)
        reader.present_card(*H10301)
        card, ack = await ears.hear(CardEvent)
        ack()
        ack()
    assert (card.device, card.boot, card.seq, card.bit_count, card.raw) == (
        READER.device,
        reader.session.boot,
        1,
        *H10301,
    )
    async with listen() as ears:
        back, _ = await ears.hear(BrokerBack)
        assert back.resumed
        reader.present_card(*H10301)
        again, _ = await ears.hear(CardEvent)
        assert again.seq == 2


async def test_without_ack_a_card_comes_again_under_the_same_number(listen, reader):
    async with listen() as ears:
        await ears.hear(BrokerBack)
        reader.present_card(*H10301)
        first, late_ack = await ears.hear(CardEvent)
    late_ack()
    async with listen() as ears:
        again, _ = await ears.hear(CardEvent)
    assert again == first


KILLED_CLIENT = """
import asyncio, pathlib, sys
from devices.mqtt.client import MqttClient
from devices.mqtt.messages import CardEvent
def heard(message, ack):
    if isinstance(message, CardEvent):
        print(message.seq, flush=True)
async def main():
    link = lambda link: print("link", flush=True)
    await MqttClient("embassy", pathlib.Path(sys.argv[1]), port=int(sys.argv[2]), on_message=heard, on_link=link).run()
asyncio.run(main())
"""


async def test_what_a_box_had_not_made_durable_when_it_was_killed_is_redelivered_to_the_next(broker, listen, reader):
    command = [sys.executable, "-c", KILLED_CLIENT, str(broker.bundle), str(broker.port)]
    box = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(20):
        assert await box.stdout.readline() == b"link\n"
        reader.present_card(*H10301)
        assert await box.stdout.readline() == b"1\n"
        box.kill()
        await box.wait()
    async with listen() as ears:
        card, ack = await ears.hear(CardEvent)
        ack()
    assert card.seq == 1


async def test_keys_rex_tamper_and_description_come_as_values(listen, reader, lock):
    async with listen() as ears:
        assert (await ears.hear(Description))[0].schema == 1
        reader.type_pin("2468")
        key, _ = await ears.hear(KeyEvent)
        assert key.digits == "2468#"
        assert "2468" not in repr(key)
        reader.tear_off()
        await ears.hear(Tamper(READER.device, TamperWord.TAMPERED))
        lock.door.press_rex(time.monotonic())
        assert (await ears.hear(RexEvent))[0].device == LOCK.device


async def test_a_lock_unlocks_tells_what_its_bolt_does_and_relocks_by_itself(listen, lock):
    async with listen() as ears:
        await ears.hear(LockState(LOCK.device, LockWord.LOCKED))
        assert ears.client.post(LOCK, unlock())
        await ears.hear(LockState(LOCK.device, LockWord.UNLOCKED))
        await ears.hear(Ack(LOCK.device, "c-1", AckResult.OK))
        assert lock.door.push(time.monotonic())
        await ears.hear(DoorState(LOCK.device, DoorWord.OPEN))
        await ears.hear(LockState(LOCK.device, LockWord.LOCKED))
    assert len(lock.door.truth.energised_at) == 1


async def test_lock_relocks_at_once(listen, lock):
    async with listen() as ears:
        await ears.hear(BrokerBack)
        ears.client.post(LOCK, unlock(ms=600_000))
        await ears.hear(LockState(LOCK.device, LockWord.UNLOCKED))
        ears.client.post(LOCK, LockCommand("c-2", now_ms() + 60_000, LockAction.LOCK))
        await ears.hear(LockState(LOCK.device, LockWord.LOCKED))
        await ears.hear(Ack(LOCK.device, "c-2", AckResult.OK))


async def test_a_lock_refuses_an_expired_unlock(listen, lock):
    async with listen() as ears:
        await ears.hear(BrokerBack)
        ears.client.post(LOCK, unlock(expires_in=-1))
        await ears.hear(Ack(LOCK.device, "c-1", AckResult.EXPIRED))
    assert lock.door.truth.energised_at == ()


async def test_a_lock_refuses_a_retained_unlock(listen, lock, stranger):
    payload = b'{"id":"c-1","expires_at":9000000000000,"action":"UNLOCK","ms":5000}'
    box, _ = await stranger("controller")
    await asyncio.to_thread(box.publish, LOCK.topic("cmd/lock"), payload, True)
    box.leave()
    async with listen() as ears:
        await ears.hear(BrokerBack)
        lock.unplug()
        await ears.hear(DeviceState(LOCK.device, Lifecycle.LOST))
        lock.plug_in()
        await ears.hear(Ack(LOCK.device, "c-1", AckResult.REFUSED))
    assert lock.door.truth.energised_at == ()


async def test_a_bolt_that_does_not_follow_is_jammed_and_never_shown_unlocked(listen, lock):
    lock.door.jam(time.monotonic())
    async with listen() as ears:
        await ears.hear(BrokerBack)
        ears.client.post(LOCK, unlock(ms=600_000))
        await ears.hear(LockState(LOCK.device, LockWord.JAMMED))
        await ears.hear(Ack(LOCK.device, "c-1", AckResult.JAMMED))
        lock.door.unjam(time.monotonic())
        await ears.hear(LockState(LOCK.device, LockWord.UNLOCKED))


async def test_a_reader_shows_what_it_is_told_and_refuses_to_be_a_lock(listen, reader):
    async with listen() as ears:
        await ears.hear(BrokerBack)
        ears.client.post(READER, ReaderCommand("s-1", now_ms() + 60_000, ReaderSignal.DENIED))
        await ears.hear(Ack(READER.device, "s-1", AckResult.OK))
        assert reader.light is ReaderSignal.DENIED
        ears.client.post(READER, ReaderCommand("s-2", 1, ReaderSignal.GRANTED))
        await ears.hear(Ack(READER.device, "s-2", AckResult.EXPIRED))
        ears.client.post(READER, unlock("s-3"))
        await ears.hear(Ack(READER.device, "s-3", AckResult.REFUSED))
    assert reader.light is ReaderSignal.DENIED


async def test_an_unplugged_reader_is_lost_and_tells_what_it_read_meanwhile(listen, reader):
    async with listen() as ears:
        await ears.hear(DeviceState(READER.device, Lifecycle.READY))
        reader.unplug()
        await ears.hear(DeviceState(READER.device, Lifecycle.LOST))
        reader.present_card(*H10301)
        reader.plug_in()
        await ears.hear(DeviceState(READER.device, Lifecycle.READY))
        assert (await ears.hear(CardEvent))[0].seq == 1


async def test_a_device_that_leaves_in_order_says_so(listen, device):
    leaver = MqttReader(device("reader-1"))
    task = asyncio.create_task(leaver.run())
    async with listen() as ears:
        await ears.hear(DeviceState(READER.device, Lifecycle.READY))
        task.cancel()
        await ears.hear(DeviceState(READER.device, Lifecycle.DISCONNECTED))
        await asyncio.gather(task, return_exceptions=True)


async def test_a_retained_event_is_refused_the_first_time(listen, stranger):
    async with listen() as ears:
        await ears.hear(BrokerBack)
        forger, _ = await stranger("reader-1")
        card = b'{"boot":"b","seq":1,"ts":1,"bits":8,"raw":"ff"}'
        await asyncio.to_thread(forger.publish, READER.topic("event/card"), card, True)
        assert "retained" in (await ears.hear(Malformed))[0].why
        assert not ears.values(CardEvent)


async def test_after_the_broker_was_killed_everybody_is_back_and_states_are_told_again(broker, listen, reader, lock):
    async with listen() as ears:
        await ears.hear(DeviceState(LOCK.device, Lifecycle.READY))
        lock.door.force_open(time.monotonic())
        await ears.hear(DoorState(LOCK.device, DoorWord.OPEN))
        os.kill(broker.pid, signal.SIGKILL)
        await ears.hear(BrokerLost)
        assert not ears.client.post(LOCK, unlock("c-9"))
        back, _ = await ears.hear(BrokerBack)
        assert not back.resumed
        await ears.hear_all(DoorState(LOCK.device, DoorWord.OPEN), DeviceState(LOCK.device, Lifecycle.READY))
        ears.client.post(LOCK, unlock("c-10"))
        await ears.hear(Ack(LOCK.device, "c-10", AckResult.OK))
        assert not [ack for ack in ears.values(Ack) if ack.command_id == "c-9"]


async def test_a_loss_is_told_once_with_its_reason(listen, tmp_path):
    async with listen(bundle=tmp_path / "none") as ears:
        lost, _ = await ears.hear(BrokerLost)
        assert "No such file" in lost.why
        await asyncio.sleep(0.5)
        assert not ears.values(BrokerLost)
        assert not ears.client.connected


async def test_a_retained_unlock_is_refused_live_too(lock, stranger):
    payload = b'{"id":"c-1","expires_at":9000000000000,"action":"UNLOCK","ms":5000}'
    box, _ = await stranger("controller")
    await asyncio.to_thread(box.subscribe, LOCK.topic("ack/+"))
    await asyncio.to_thread(box.publish, LOCK.topic("cmd/lock"), payload, True)
    assert b"refused" in await asyncio.to_thread(box.until, LOCK.topic("ack/c-1"))
    assert lock.door.truth.energised_at == ()


async def test_a_bolt_that_jams_while_open_is_never_shown_locked(listen, lock):
    async with listen() as ears:
        await ears.hear(BrokerBack)
        ears.client.post(LOCK, unlock(ms=600_000))
        await ears.hear(Ack(LOCK.device, "c-1", AckResult.OK))
        lock.door.jam(time.monotonic())
        ears.client.post(LOCK, LockCommand("c-2", now_ms() + 60_000, LockAction.LOCK))
        await ears.hear(LockState(LOCK.device, LockWord.JAMMED))
        await ears.hear(Ack(LOCK.device, "c-2", AckResult.JAMMED))


async def test_a_magnet_without_power_is_told_as_unlocked_and_on_battery(listen, device):
    door = Door(Parts(fail_safe=True))
    task = asyncio.create_task(MqttLock(device("lock-1"), door).run())
    async with listen() as ears:
        await ears.hear_all(LockState(LOCK.device, LockWord.LOCKED), DeviceState(LOCK.device, Lifecycle.READY))
        door.cut_power(time.monotonic())
        await ears.hear_all(LockState(LOCK.device, LockWord.UNLOCKED), Power(LOCK.device, PowerWord.BATTERY))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_an_unlock_that_hung_in_a_frozen_broker_is_never_sent_by_the_next_connection(broker, listen, lock):
    async with listen() as ears:
        await ears.hear(DeviceState(LOCK.device, Lifecycle.READY))
        os.kill(broker.pid, signal.SIGSTOP)
        assert ears.client.post(LOCK, unlock("hung"))
        await asyncio.sleep(0)
        os.kill(broker.pid, signal.SIGKILL)
        await ears.hear(BrokerLost)
        await ears.hear(BrokerBack)
        await ears.hear_all(DeviceState(LOCK.device, Lifecycle.READY))
        ears.client.post(LOCK, unlock("fresh"))
        answer, _ = await ears.hear(Ack)
        assert answer.command_id == "fresh"


async def test_the_broker_drops_a_command_it_cannot_deliver_within_two_seconds(listen, stranger):
    device, _ = await stranger("lock-1")
    await asyncio.to_thread(device.subscribe, LOCK.topic("cmd/lock"))
    async with listen() as ears:
        await ears.hear(BrokerBack)
        ears.client.post(LOCK, unlock())
        await asyncio.to_thread(device.until, LOCK.topic("cmd/lock"))
    assert device.last_expiry in (1, 2)


async def test_nothing_waits_for_nagle(broker, listen, reader):
    async with listen() as ears:
        await ears.hear(BrokerBack)
        for end in (ears.client, reader.session):
            assert end._paho.socket().getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
    assert "set_tcp_nodelay true" in (broker.folder / "mosquitto.conf").read_text()


async def test_a_handlers_fault_does_not_stop_the_next_message(listen, reader):
    faults = asyncio.Queue()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.put_nowait(context["exception"]))
    async with listen() as ears:
        await ears.hear(BrokerBack)
        ears._hear, hear = lambda said: said[0].seq / 0 if isinstance(said[0], CardEvent) else None, ears._hear
        reader.present_card(*H10301)
        async with asyncio.timeout(20):
            assert isinstance(await faults.get(), ZeroDivisionError)
        ears._hear = hear
        reader.present_card(*H10301)
        assert (await ears.hear(CardEvent))[0].seq == 2


async def test_cards_shown_while_no_box_listens_are_offered_until_one_does_and_in_order(listen, reader):
    for _ in range(3):
        reader.present_card(*H10301)
    await asyncio.sleep(0.3)
    reader.present_card(*H10301)
    async with listen() as ears:
        assert [(await ears.hear(CardEvent))[0].seq for _ in range(4)] == [1, 2, 3, 4]


async def test_the_link_is_told_before_anything_that_came_with_it(listen, lock):
    async with listen() as ears:
        await ears.hear_all(DeviceState(LOCK.device, Lifecycle.READY))
        assert isinstance(ears.heard[0][0], BrokerBack)


async def test_an_ack_from_before_a_reconnect_acknowledges_nothing_after_it(listen, reader):
    async with listen() as ears:
        await ears.hear(BrokerBack)
        reader.present_card(*H10301)
        _, old_ack = await ears.hear(CardEvent)
        ears.client._paho.socket().shutdown(socket.SHUT_RDWR)
        await ears.hear(BrokerBack)
        await ears.hear(CardEvent)
        old_ack()
    async with listen() as ears:
        assert (await ears.hear(CardEvent))[0].seq == 1
