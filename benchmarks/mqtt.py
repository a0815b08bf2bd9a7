"""Badge to relay over MQTT, and the same wires with a bare echo in the controller's place."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from benchmarks.building import UNLOCK_SECONDS, Files, write_mqtt
from benchmarks.disk import watched
from benchmarks.extent import Extent, Tick
from benchmarks.rows import Figure, Row, percentile
from benchmarks.wires import REST_SECONDS, Hand, connect, listening, opened_nothing, played, simulator
from controller.demo import BUNDLES
from controller.domain.site import Site
from controller.pki.authority import PKI_FOLDER, Authority
from controller.pki.bundle import equip
from controller.site.loader import load_site
from controller.store.secret_files import SecretFiles
from devices.mqtt.broker import Broker
from devices.mqtt.client import Ack, MqttClient
from devices.mqtt.messages import CardEvent, DeviceMessage, LockAction, LockCommand, Malformed
from devices.mqtt.topics import Address, DeviceId

PROMISED_RATE = 200
"""Badges a second; slower than that is another row."""
PROMISE_MS = 25.0
EXPIRY_MS = 2000


async def badge_to_relay(extent: Extent, folder: Path, tick: Tick) -> Row:
    """Swipe with the controller, then with the echo: the same site, hand, rate and kind of broker."""
    files = write_mqtt(folder, extent.mqtt_doors)
    async with played(files, folder / "data") as hand:
        with watched(folder / "bare.db") as commits:
            took = await hand.swipe(files.doors, extent.mqtt_swipes, tick)
    async with _echoed(files, folder / "echo") as hand:
        echoed = await hand.swipe(files.doors, extent.mqtt_swipes, tick)
    swipes = f"{len(took)} swipes at {files.doors / REST_SECONDS:.0f}/s and {files.doors} doors{opened_nothing(took)}"
    return Row(
        "mqtt_badge_to_relay",
        percentile(took, 99),
        "ms",
        Figure(f"p99 ≤ 25 ms; QoS 1, TLS 1.3 with a certificate each; {swipes}", PROMISE_MS),
        Figure(
            f"bare echo, same TLS, p99 (p50: {percentile(took, 50):.1f} against {percentile(echoed, 50):.1f} ms); "
            f"a bare commit on this disk meanwhile: p99 {percentile(commits, 99):.1f} ms",
            percentile(echoed, 99),
        ),
        as_promised=files.doors >= PROMISED_RATE * REST_SECONDS,
    )


@contextlib.asynccontextmanager
async def _echoed(files: Files, data: Path) -> AsyncIterator[Hand]:
    site = load_site(files.site)
    async with simulator(files, data) as (simulated, _):
        authority = Authority(SecretFiles(data / PKI_FOLDER))
        authority.init(site.name)
        equip(authority, site.devices, data / BUNDLES)
        broker = Broker(data / "broker", site.id, [DeviceId(device) for device in site.devices], authority)
        await broker.start()
        try:
            async with _echo(site, broker):
                await connect(simulated, broker.port, data / BUNDLES)
                async with listening(simulated) as hand:
                    yield hand
        finally:
            await broker.stop()


@contextlib.asynccontextmanager
async def _echo(site: Site, broker: Broker) -> AsyncIterator[None]:
    """Answer every badge at once with an unlock of its door: nothing decided, nothing written."""
    said = _answering(site, lambda address, command: client.post(address, command))
    linked = asyncio.Event()
    client = MqttClient(site.id, broker.bundle, port=broker.port, on_message=said, on_link=lambda _: linked.set())
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(client.run())
        await linked.wait()
        yield
        running.cancel()


def _answering(
    site: Site, post: Callable[[Address, LockCommand], object]
) -> Callable[[DeviceMessage | Malformed, Ack], None]:
    locks = {head.device: site.doors[head.door].lock.device for head in site.readers.values()}
    addresses = {str(head): Address(site.id, DeviceId(lock)) for head, lock in locks.items()}
    numbers = itertools.count()

    def said(message: DeviceMessage | Malformed, ack: Ack) -> None:
        if isinstance(message, CardEvent):
            expires = time.time_ns() // 1_000_000 + EXPIRY_MS
            ms = round(1000 * UNLOCK_SECONDS)
            post(addresses[message.device], LockCommand(f"e{next(numbers)}", expires, LockAction.UNLOCK, ms))
        ack()

    return said
