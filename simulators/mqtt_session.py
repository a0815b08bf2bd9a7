"""One simulated device's own connection to the broker: paho-mqtt over TLS 1.3, last will, plug and cable.

It repeats, rather than shares, what the box's client does with paho: a fault in one must not cancel out in the other.
"""

import asyncio
import secrets
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from devices.mqtt.identity import context
from devices.mqtt.messages import AckResult, Command, Lifecycle, Malformed
from devices.mqtt.payloads import encode_ack, encode_description, encode_event, parse_command
from devices.mqtt.topics import READ_BY_DEVICE, Address
from devices.transport import tls
from simulators.line_faults import Faults, LineFaults

KEEPALIVE: Final = 5
RECONNECT_DELAY: Final = 0.2
RESEND_DELAY: Final = 0.1
MAX_ANSWERS: Final = 64
NO_MATCHING_SUBSCRIBERS: Final = 0x10
"""MQTT 5, section 3.4.2.1: the broker took the event and nobody was there to hear it."""
_HOUSEKEEPING: Final = 0.5
_LATE: Final = -1
"""Stands for the number of a message that is yet to go out."""


def wall_ms() -> int:
    """Return this machine's wall clock in ms UTC: the clock a real device has."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Device:
    """Who a simulated device is (its bundle is a folder) and where its broker listens."""

    address: Address
    bundle: Path
    port: int
    host: str = "127.0.0.1"


class MqttSession:
    """Keeps one device connected while `run` runs.

    States are told again after each connection. Events are numbered and sent one after the other, each again and again,
    with the same boot and number, until the broker has acknowledged that it has somebody to hand it to. `on_command`
    gets what was read from `cmd/*`.
    """

    def __init__(
        self,
        device: Device,
        model: str,
        capabilities: tuple[str, ...],
        on_command: Callable[[Command | Malformed], None],
        wall: Callable[[], int] = wall_ms,
    ) -> None:
        self.boot = secrets.token_hex(8)
        self.wall = wall
        self.connected = asyncio.Event()
        self._device, self._on_command = device, on_command
        self._description = encode_description(self.boot, model, capabilities)
        self._states: dict[str, str] = {}
        self._answers: dict[str, AckResult] = {}
        self._seq = 0
        self._outbox: deque[tuple[str, bytes]] = deque()
        self._in_flight: int | None = None
        self._dice = LineFaults(Faults())
        self._plugged = asyncio.Event()
        self._plugged.set()
        self._gone = asyncio.Event()
        self._paho = self._make_paho()

    @property
    def device(self) -> str:
        """Which device this is."""
        return str(self._device.address.device)

    def suffer(self, faults: Faults) -> None:
        """Treat what is sent from now on as badly as that."""
        self._dice = LineFaults(faults)

    async def run(self) -> None:
        """Hold the connection until cancelled, then say `disconnected` and leave."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                await self._plugged.wait()
                self._gone.clear()
                if await self._open():
                    await self._hold()
                await asyncio.sleep(RECONNECT_DELAY)
        finally:
            self._leave()

    def tell(self, state: str, word: str) -> None:
        """Publish `state/<state>` where it changed, now or after the next connection."""
        if self._states.get(state) == word:
            return
        self._states[state] = word
        if self.connected.is_set():
            self._retain(f"state/{state}", word)

    def send(self, kind: str, **fields: str | int) -> int:
        """Publish `event/<kind>` with the next number, now or once those before it are through; return that number."""
        self._seq += 1
        payload = encode_event(self.boot, self._seq, self.wall(), **fields)
        self._outbox.append((self._topic(f"event/{kind}"), payload))
        self._send_next()
        return self._seq

    def acknowledge(self, command_id: str, result: AckResult) -> None:
        """Publish the answer to a command, and keep it, should the command be told again."""
        self._answers[command_id] = result
        while len(self._answers) > MAX_ANSWERS:
            self._answers.pop(next(iter(self._answers)))
        self._paho.publish(self._topic(f"ack/{command_id}"), encode_ack(command_id, result), qos=1)

    def unplug(self) -> None:
        """Pull the cable: the connection drops without a word, and the broker publishes the last will."""
        self._plugged.clear()
        self._drop_connection()

    def plug_in(self) -> None:
        """Put the cable back; the session reconnects by itself."""
        self._plugged.set()

    def _make_paho(self) -> "_Paho":
        client = _Paho(CallbackAPIVersion.VERSION2, self._device.address.device, protocol=paho.MQTTv5)
        client.will_set(self._topic("$state"), Lifecycle.LOST, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._received
        client.on_publish = self._on_publish
        client.on_socket_open = self._socket_open
        client.on_socket_close = self._socket_close
        client.on_socket_register_write = self._want_write
        client.on_socket_unregister_write = self._wrote
        return client

    async def _open(self) -> bool:
        device = self._device
        try:
            self._paho.wire = await tls.connect(device.host, device.port, context(device.bundle))
            self._paho.connect(device.host, device.port, KEEPALIVE, clean_start=True)
        except (OSError, TimeoutError):
            return False
        return True

    async def _hold(self) -> None:
        while not self._gone.is_set():
            try:
                async with asyncio.timeout(_HOUSEKEEPING):
                    await self._gone.wait()
            except TimeoutError:
                self._paho.loop_misc()

    def _leave(self) -> None:
        if self.connected.is_set():
            self._retain("$state", Lifecycle.DISCONNECTED)
        self._paho.disconnect()
        self._paho.loop_write()  # closes the socket, once DISCONNECT is written

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            return
        options = SubscribeOptions(qos=1, retainAsPublished=True)
        client.subscribe([(self._topic(channel), options) for channel in READ_BY_DEVICE])
        self._retain("$state", Lifecycle.INIT)
        self._retain("$description", self._description)
        for state, word in self._states.items():
            self._retain(f"state/{state}", word)
        self._retain("$state", Lifecycle.READY)
        self.connected.set()
        self._loop.call_soon(self._send_next)  # not from in here: it may drop the connection that paho is at

    def _on_disconnect(self, client: paho.Client, _data: Any, _flags: Any, _reason: Any, _properties: Any) -> None:
        client.drop_out_messages()
        self._in_flight = None
        self.connected.clear()
        self._gone.set()

    def _send_next(self) -> None:
        if not self.connected.is_set() or self._in_flight is not None or not self._outbox:
            return
        if self._dice.lost():  # TCP loses nothing but the connection
            self._drop_connection()
        elif late := self._dice.lateness():
            self._in_flight = _LATE
            self._loop.call_later(late, self._send_late)
        else:
            self._publish_first()

    def _send_late(self) -> None:
        if self.connected.is_set() and self._in_flight == _LATE and self._outbox:
            self._publish_first()

    def _publish_first(self) -> None:
        """Send the first that waits; a damaged one counts as sent: its number is then missing at the box."""
        topic, payload = self._outbox[0]
        self._in_flight = self._paho.publish(topic, self._dice.flip(payload), qos=1).mid
        for unasked in (*[payload] * (self._dice.doubles()), *self._dice.behind(payload)):
            self._paho.publish(topic, unasked, qos=1)

    def _drop_connection(self) -> None:
        sock: Any = self._paho.socket()
        if sock is not None:
            sock.shutdown(socket.SHUT_RDWR)

    def _on_publish(self, _client: paho.Client, _data: Any, mid: int, reason: ReasonCode, _properties: Any) -> None:
        if mid != self._in_flight:
            return
        self._in_flight = None
        if reason.value == NO_MATCHING_SUBSCRIBERS:
            self._loop.call_later(RESEND_DELAY, self._send_next)
        else:
            self._outbox.popleft()
            self._send_next()

    def _received(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        command = parse_command(message.topic, bytes(message.payload), message.retain)
        self._loop.call_soon(self._take, command)

    def _take(self, command: Command | Malformed) -> None:
        """Hand a command on once: whoever tells it again gets the same answer, and nothing moves."""
        if not isinstance(command, Malformed) and command.id in self._answers:
            self.acknowledge(command.id, self._answers[command.id])
        else:
            self._on_command(command)

    def _retain(self, channel: str, payload: str | bytes) -> None:
        self._paho.publish(self._topic(channel), payload, qos=1, retain=True)

    def _topic(self, channel: str) -> str:
        return self._device.address.topic(channel)

    def _socket_open(self, _client: paho.Client, _data: Any, sock: Any) -> None:
        self._loop.add_reader(sock, self._read_all, sock)

    def _read_all(self, sock: ssl.SSLSocket) -> None:
        """Read what came, and what TLS holds decrypted: of that the socket tells nothing."""
        more = True
        while more:
            self._paho.loop_read()
            more = self._paho.socket() is sock and sock.pending() > 0

    def _socket_close(self, _client: paho.Client, _data: Any, sock: Any) -> None:
        self._loop.remove_reader(sock)

    def _want_write(self, client: paho.Client, _data: Any, sock: Any) -> None:
        self._loop.add_writer(sock, client.loop_write)

    def _wrote(self, _client: paho.Client, _data: Any, sock: Any) -> None:
        self._loop.remove_writer(sock)


class _Paho(paho.Client):
    """paho on a wire that is there already."""

    wire: ssl.SSLSocket

    def _create_socket(self) -> ssl.SSLSocket:
        return self.wire
