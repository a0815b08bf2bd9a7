"""Mosquitto as our child: who may say what, and that it never outlives us."""

import asyncio
import os
import signal
import socket
import stat
import sys

import psutil
import pytest

from devices.mqtt import broker as broker_module
from devices.mqtt.broker import Broker, BrokerDied, BrokerError, BrokerRestarted
from devices.mqtt.broker_files import access_list
from devices.mqtt.client import BrokerBack
from devices.mqtt.messages import DeviceState, Lifecycle
from devices.mqtt.topics import Address, DeviceId
from devices.mqtt.waiting import place_of

pytestmark = pytest.mark.anyio

LOCK, READER = Address("embassy", DeviceId("lock-1")), Address("embassy", DeviceId("reader-1"))


async def test_everything_in_its_folder_is_the_owners_alone(broker):
    assert stat.S_IMODE(broker.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in broker.folder.iterdir()} == {0o600}
    in_the_folder = b"".join(path.read_bytes() for path in broker.folder.iterdir())
    assert b"PRIVATE KEY" not in in_the_folder, "keys lie in memory, never on the disk"
    place = place_of(broker.folder)
    assert {stat.S_IMODE(path.stat().st_mode) for path in place.rglob("*") if path.is_file()} == {0o600}


async def test_the_passwords_of_older_versions_are_removed(tmp_path, signs):
    folder = tmp_path / "broker"
    folder.mkdir()
    for name in ("credentials.json", "passwords"):
        (folder / name).write_text('{"lock-1": "a password of its own"}')
    broker = Broker(folder, "embassy", [], signs)
    await broker.start()
    await broker.stop()
    assert not {"credentials.json", "passwords"} & {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("devices", [["controller"], ["lock-1", "lock-1"]])
def test_no_device_bears_the_boxs_own_name_or_anothers(devices):
    with pytest.raises(ValueError, match="controller"):
        access_list("embassy", [DeviceId(name) for name in devices])


@pytest.mark.parametrize(
    ("topic", "answer"),
    [
        (LOCK.topic("$state"), "Success"),
        (LOCK.topic("$description"), "Success"),
        (LOCK.topic("state/lock"), "Success"),
        (LOCK.topic("event/rex"), "Success"),
        (LOCK.topic("ack/c-1"), "Success"),
        (LOCK.topic("cmd/lock"), "Not authorized"),
        (READER.topic("event/card"), "Not authorized"),
        (READER.topic("$state"), "Not authorized"),
        (READER.topic("cmd/reader"), "Not authorized"),
        ("ostiary/v1/elsewhere/lock-1/state/lock", "Not authorized"),
        ("anything", "Not authorized"),
    ],
)
async def test_a_device_writes_its_own_side_and_nothing_else(listen, stranger, topic, answer):
    async with listen() as ears:  # without a subscriber the broker would answer otherwise
        await ears.hear(BrokerBack)
        lock, _ = await stranger("lock-1")
        assert (await asyncio.to_thread(lock.publish, topic, b"x")).replace(
            "No matching subscribers", "Success"
        ) == answer


async def test_a_device_reads_no_commands_but_its_own(stranger):
    box, _ = await stranger("controller")
    spy, _ = await stranger("reader-1")
    await asyncio.to_thread(spy.subscribe, "#")
    await asyncio.to_thread(box.publish, LOCK.topic("cmd/lock"), b"for the lock")
    await asyncio.to_thread(box.publish, READER.topic("cmd/reader"), b"for the reader")
    assert await asyncio.to_thread(spy.until, READER.topic("cmd/reader")) == b"for the reader"
    assert spy.said == []


async def test_the_box_writes_commands_and_nothing_else(stranger):
    box, _ = await stranger("controller")
    assert await asyncio.to_thread(box.publish, LOCK.topic("state/lock"), b"LOCKED") == "Not authorized"


@pytest.mark.parametrize("client_id", ["reader-1", "controller"])
async def test_no_device_kicks_another_off_by_taking_its_client_id(listen, reader, stranger, client_id):
    async with listen() as ears:
        await ears.hear_all(DeviceState(READER.device, Lifecycle.READY))
        thief, answer = await stranger("lock-1", client_id=client_id)
        assert answer == "Success"
        await asyncio.to_thread(thief.linger)
        assert DeviceState(READER.device, Lifecycle.LOST) not in ears.values(DeviceState)
        assert len(ears.values(BrokerBack)) == 1


async def test_nobody_forges_anothers_last_will(listen, stranger):
    async with listen() as ears:
        await ears.hear(BrokerBack)
        for will in (READER.topic("$state"), LOCK.topic("$state")):
            forger, _ = await stranger("lock-1", will=will)
            forger.drop()
        lost, _ = await ears.hear(DeviceState)
        assert lost.device == LOCK.device


async def test_a_killed_broker_is_started_again_on_its_port_and_says_so(tmp_path, signs):
    notices = asyncio.Queue()
    broker = Broker(tmp_path, "embassy", [], signs, notice=notices.put_nowait)
    await broker.start()
    port, pid = broker.port, broker.pid
    os.kill(pid, signal.SIGKILL)
    assert await notices.get() == BrokerDied(-signal.SIGKILL)
    restarted = await notices.get()
    assert restarted == BrokerRestarted(broker.pid)
    assert broker.pid != pid
    assert broker.port == port
    pid = broker.pid
    await broker.stop()
    assert not psutil.pid_exists(pid)
    assert notices.empty()


PARENT = """
import asyncio, pathlib, sys
from devices.mqtt.broker import Broker
from tests.certificates import authority
async def main():
    folder = pathlib.Path(sys.argv[1])
    broker = Broker(folder, "embassy", [], authority(folder))
    await broker.start()
    print(broker.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


async def test_a_broker_does_not_outlive_a_parent_that_was_killed(tmp_path):
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, tmp_path, stdout=asyncio.subprocess.PIPE
    )
    child = psutil.Process(int(await parent.stdout.readline()))
    assert child.name() == "mosquitto"
    parent.kill()
    await parent.wait()
    _, alive = psutil.wait_procs([child], timeout=10)
    assert not alive


async def test_without_mosquitto_it_says_what_to_install(tmp_path, signs, monkeypatch):
    monkeypatch.setattr(broker_module, "_SEARCH_PATH", str(tmp_path))
    with pytest.raises(BrokerError, match="make setup"):
        await Broker(tmp_path, "embassy", [], signs).start()


async def test_a_taken_port_is_named(tmp_path, signs):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BrokerError, match=f"port {port} .* another port"):
            await Broker(tmp_path, "embassy", [], signs, port=port).start()


async def test_a_configuration_mosquitto_refuses_is_told_in_its_words(tmp_path, signs, monkeypatch):
    monkeypatch.setattr(broker_module.broker_files, "configuration", lambda *_, **__: "no_such_option true\n")
    broker = Broker(tmp_path, "embassy", [], signs)
    with pytest.raises(BrokerError, match=r"Unknown configuration .*no_such_option"):
        await broker.start()
    assert broker.pid is None
