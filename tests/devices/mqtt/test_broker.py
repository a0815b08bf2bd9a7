"""Mosquitto as our child: who may say what, and that it never outlives us."""

import asyncio
import os
import signal
import socket
import stat
import sys

import orjson
import psutil
import pytest

from devices.mqtt import broker as broker_module
from devices.mqtt.broker import Broker, BrokerDied, BrokerError, BrokerRestarted
from devices.mqtt.broker_files import PlainKeep, ensure_credentials
from devices.mqtt.client import BrokerBack
from devices.mqtt.messages import DeviceState, Lifecycle
from devices.mqtt.topics import Address, DeviceId

pytestmark = pytest.mark.anyio

LOCK, READER = Address("embassy", DeviceId("lock-1")), Address("embassy", DeviceId("reader-1"))


async def test_everything_in_its_folder_is_the_owners_alone(broker):
    assert stat.S_IMODE(broker.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in broker.folder.iterdir()} == {0o600}
    assert orjson.loads((broker.folder / "credentials.json").read_bytes())["lock-1"] == broker.password("lock-1")
    assert broker.password("lock-1") not in (broker.folder / "passwords").read_text()


def test_passwords_stay_when_a_device_is_added_and_wait_for_one_that_is_taken_back(tmp_path):
    first = ensure_credentials(PlainKeep(tmp_path), [DeviceId("a"), DeviceId("b")])
    second = ensure_credentials(PlainKeep(tmp_path), [DeviceId("b"), DeviceId("c")])
    assert set(second) == {"controller", "b", "c"}
    assert second["b"] == first["b"]
    assert len(set(second.values())) == 3
    assert ensure_credentials(PlainKeep(tmp_path), [DeviceId("a"), DeviceId("b")]) == first


def test_no_device_bears_the_boxs_own_name(tmp_path):
    with pytest.raises(ValueError, match="controller"):
        ensure_credentials(PlainKeep(tmp_path), [DeviceId("controller")])


@pytest.mark.parametrize(("user", "password"), [("lock-1", "wrong"), ("nobody", "x"), ("controller", "wrong")])
async def test_a_wrong_password_or_name_is_refused(stranger, user, password):
    _, answer = await stranger(user, password)
    assert answer == "Not authorized"


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


async def test_a_killed_broker_is_started_again_on_its_port_and_says_so(tmp_path):
    notices = asyncio.Queue()
    broker = Broker(tmp_path, "embassy", [], notice=notices.put_nowait)
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
async def main():
    broker = Broker(pathlib.Path(sys.argv[1]), "embassy", [])
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


async def test_without_mosquitto_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(broker_module, "_SEARCH_PATH", str(tmp_path))
    with pytest.raises(BrokerError, match="make setup"):
        await Broker(tmp_path, "embassy", []).start()


async def test_a_taken_port_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BrokerError, match=f"port {port} .* another port"):
            await Broker(tmp_path, "embassy", [], port=port).start()


async def test_a_configuration_mosquitto_refuses_is_told_in_its_words(tmp_path, monkeypatch):
    monkeypatch.setattr(broker_module.broker_files, "configuration", lambda *_, **__: "no_such_option true\n")
    broker = Broker(tmp_path, "embassy", [])
    with pytest.raises(BrokerError, match=r"Unknown configuration .*no_such_option"):
        await broker.start()
    assert broker.pid is None
