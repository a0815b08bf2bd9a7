"""The box's connection to its broker: paho-mqtt, MQTT 5 over TLS 1.3, on the asyncio loop by socket hooks, no thread.

What devices say comes as values together with an `ack`. The PUBACK goes out when `ack` is called and not before: a
message is the broker's to redeliver until the building's log has made it durable.
"""

import asyncio
import functools
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from devices.mqtt import discovery
from devices.mqtt.adapters.kit import Publish
from devices.mqtt.adapters.kits import Kits
from devices.mqtt.identity import context
from devices.mqtt.lighter_paho import lighten
from devices.mqtt.messages import Command, DeviceMessage, Malformed
from devices.mqtt.payloads import encode_command, parse
from devices.mqtt.topics import CONTROLLER, ROOT, Address, DeviceId, filters
from devices.transport import tls

KEEPALIVE: Final = 5
"""Seconds; a frozen broker is noticed within twice that."""
SESSION_EXPIRY: Final = 24 * 3600
"""Seconds for which the broker keeps what we have not acknowledged."""
COMMAND_EXPIRY: Final = 2
"""Seconds after which the broker drops a command that it could not deliver."""
MAX_INFLIGHT: Final = 1000
CONNECT_TIMEOUT: Final = 2.0
"""Seconds until the broker has proved who it is. Nobody else waits for it meanwhile."""
RECONNECT_DELAYS: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds before each further attempt; the last one is repeated."""
FOR_GUESTS: Final = (f"{discovery.PREFIX}/", f"{discovery.TOPICS}/")
READ_AHEAD: Final = 16 * 1024
"""Bytes: as much as one TLS record holds."""
_HOUSEKEEPING: Final = 1.0

Ack = Callable[[], None]


@dataclass(frozen=True, slots=True)
class BrokerBack:
    """Connected and subscribed; what had not been acknowledged and every device's retained state follow as messages.

    `resumed` False: the broker remembers nothing of us, and what we had not acknowledged is gone.
    """

    resumed: bool


@dataclass(frozen=True, slots=True)
class BrokerLost:
    """Not connected, and why; posted once for each loss. Nothing can be commanded until `BrokerBack`."""

    why: str


Link = BrokerBack | BrokerLost


class Guest(Protocol):
    """Somebody on the broker who is no device: what is said to them stays there for them to find."""

    @property
    def filters(self) -> tuple[str, ...]:
        """What is listened to for them, live, at QoS 0."""

    @property
    def will(self) -> tuple[str, bytes] | None:
        """What the broker tells them when we are gone."""

    def connected(self, say: Callable[[str, bytes], None]) -> None:
        """The broker is there; `say` publishes a retained payload, an empty one takes it back."""

    def lost(self) -> None:
        """The broker is gone."""

    def received(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """Take in what came under one of the filters."""


class MqttClient:
    """The box's one client. `run` holds the connection; the handlers are called on its loop, one message at a time.

    `on_message` gets each message with an `ack` that may be called from the loop at any later time, once; calling it
    again, or after the connection on which the message came, does nothing (the broker then redelivers). Acknowledge
    `Malformed` messages too, or they come back for ever. `bundle` is the folder with our own certificate; it is read
    anew for each connection.
    """

    def __init__(
        self,
        site: str,
        bundle: Path,
        *,
        port: int,
        host: str = "127.0.0.1",
        on_message: Callable[[DeviceMessage | Malformed, Ack], None],
        on_link: Callable[[Link], None],
        kits: Kits | None = None,
        guest: Guest | None = None,
    ) -> None:
        self._site = site
        self._guest = guest
        self._bundle, self._host, self._port = bundle, host, port
        self._on_message, self._on_link = on_message, on_link
        self._gone = asyncio.Event()
        self._attempt = 0
        self._connection = 0
        self._connected = False
        self._announced_loss = False
        self._resumed = False
        self._before_back: list[tuple[DeviceMessage | Malformed, Ack]] = []
        self._kits = kits or Kits()
        self._later: dict[DeviceId, list[asyncio.TimerHandle]] = {}
        self._paho = self._make_paho()

    @property
    def connected(self) -> bool:
        """Whether a command posted now would leave at once."""
        return self._connected

    async def run(self) -> None:
        """Hold the connection until cancelled, reconnecting with back-off; then leave with a clean DISCONNECT."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                self._gone.clear()
                if await self._open():
                    await self._hold()
                await asyncio.sleep(RECONNECT_DELAYS[min(self._attempt, len(RECONNECT_DELAYS) - 1)])
                self._attempt += 1
        finally:
            self._close()

    def post(self, address: Address, command: Command) -> bool:
        """Send a command and return at once; its `Ack` comes as a message.

        False: the broker is away and the command is dropped for good; none is ever sent late.
        Raises ValueError where the command breaks the contract.
        """
        if address.device in self._kits:
            told = self._kits.told(address.device, command) if self._connected else None
            return told is not None and self._say_all(address.device, told)
        topic, payload = encode_command(address, command)
        return self._connected and self._say(topic, payload)

    def _say(self, topic: str, payload: bytes) -> bool:
        properties = _properties(PacketTypes.PUBLISH, MessageExpiryInterval=COMMAND_EXPIRY)
        return self._paho.publish(topic, payload, qos=1, properties=properties).rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def _keep(self, topic: str, payload: bytes) -> None:
        """Leave something at the broker for whoever asks; an empty payload takes it back."""
        if self._connected:
            self._paho.publish(topic, payload, qos=1, retain=True)

    def _say_all(self, device: DeviceId, publishes: tuple[Publish, ...]) -> bool:
        """Tell consumer kit something; what it was to be told later of an order before this one is forgotten."""
        for timer in self._later.pop(device, ()):
            timer.cancel()
        later = [each for each in publishes if each.after]
        self._later[device] = [self._loop.call_later(p.after, self._say_later, p) for p in later]
        return all(self._say(each.topic, each.payload) for each in publishes if not each.after)

    def _say_later(self, publish: Publish) -> None:
        if self._connected:
            self._say(publish.topic, publish.payload)

    def _make_paho(self) -> "_Paho":
        lighten()
        client = _Paho(CallbackAPIVersion.VERSION2, CONTROLLER, protocol=paho.MQTTv5, manual_ack=True)
        client.max_inflight_messages = MAX_INFLIGHT
        if self._guest is not None and self._guest.will is not None:
            client.will_set(*self._guest.will, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._received
        client.on_socket_open = self._socket_open
        client.on_socket_close = self._socket_close
        client.on_socket_register_write = self._want_write
        return client

    async def _open(self) -> bool:
        lasting = {"SessionExpiryInterval": SESSION_EXPIRY, "ReceiveMaximum": MAX_INFLIGHT}
        properties = _properties(PacketTypes.CONNECT, **lasting)
        try:
            self._paho.secured = await tls.connect(self._host, self._port, context(self._bundle), CONNECT_TIMEOUT)
            self._paho.connect(self._host, self._port, KEEPALIVE, clean_start=False, properties=properties)
        except TimeoutError:
            self._lost(f"the broker did not answer within {CONNECT_TIMEOUT:.0f} s")
            return False
        except OSError as error:
            self._lost(str(error))
            return False
        return True

    async def _hold(self) -> None:
        while not self._gone.is_set():
            try:
                async with asyncio.timeout(_HOUSEKEEPING):
                    await self._gone.wait()
            except TimeoutError:
                self._paho.loop_misc()

    def _close(self) -> None:
        self._connected, self._announced_loss = False, True
        for timer in [timer for timers in self._later.values() for timer in timers]:
            timer.cancel()
        connection = self._paho.socket()
        if isinstance(connection, _Connection):
            connection.parting = True
        self._paho.disconnect()
        self._paho.loop_write()  # writes DISCONNECT, and closes the connection

    def _socket_open(self, client: paho.Client, _data: Any, sock: Any) -> None:
        self._loop.add_reader(sock, self._readable, client, sock)

    def _socket_close(self, _client: paho.Client, _data: Any, sock: Any) -> None:
        self._loop.remove_reader(sock)
        self._loop.remove_writer(sock)

    def _readable(self, client: paho.Client, sock: "_Connection") -> None:
        client.loop_read()
        # What was read ahead, or TLS has decrypted already, shows no more at the socket.
        while client.socket() is sock and sock.pending():
            client.loop_read()

    def _want_write(self, client: paho.Client, _data: Any, sock: Any) -> None:
        self._loop.call_soon(self._write, client, sock)

    def _write(self, client: paho.Client, sock: "_Connection") -> None:
        """Write all that was said since the loop came round."""
        if client.socket() is sock:
            client.loop_write()
            if not sock.flush():
                self._loop.add_writer(sock, self._write_rest, sock)

    def _write_rest(self, sock: "_Connection") -> None:
        if sock.flush():
            self._loop.remove_writer(sock)

    def _on_connect(
        self, client: paho.Client, _data: Any, flags: paho.ConnectFlags, reason: ReasonCode, _properties: Any
    ) -> None:
        if reason.is_failure:
            self._lost(f"the broker refused us: {reason}")
            return
        self._attempt = 0
        self._connection += 1
        # Retained flags are kept as sent, so that an event that is published retained is refused the first time.
        options = SubscribeOptions(qos=1, retainAsPublished=True)
        whom = [(topic, options) for topic in filters(self._site)]
        if self._guest is not None:
            unheard = SubscribeOptions(qos=0, noLocal=True, retainAsPublished=True)
            whom += [(topic, unheard) for topic in self._guest.filters]
        client.subscribe(whom)
        self._kits.reset()
        if self._kits.filters:
            # Nothing of theirs waits for a box that is away, and a flag says what the broker only remembers.
            live = SubscribeOptions(qos=0, retainAsPublished=False)
            client.subscribe([(topic, live) for topic in self._kits.filters])
        self._resumed = flags.session_present
        self._before_back.clear()

    def _on_subscribe(
        self, _client: paho.Client, _data: Any, _mid: int, reasons: list[ReasonCode], _props: Any
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._lost("the broker refused the subscription")
            return
        self._connected, self._announced_loss = True, False
        # A handler's fault must not reach paho, which would read the same packet again for ever.
        self._loop.call_soon(self._on_link, BrokerBack(self._resumed))
        for said in self._before_back:
            self._loop.call_soon(self._on_message, *said)
        if self._guest is not None:
            self._loop.call_soon(self._guest.connected, self._keep)

    def _on_disconnect(
        self, client: paho.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        # What was in flight would be sent again with a fresh expiry: an unlock must not come late.
        client.drop_out_messages()
        self._lost(str(reason))
        self._gone.set()

    def _lost(self, why: str) -> None:
        self._connected = False
        if not self._announced_loss:
            self._announced_loss = True
            self._loop.call_soon(self._on_link, BrokerLost(why))
            if self._guest is not None:
                self._loop.call_soon(self._guest.lost)

    def _received(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        ack = self._ack_once(message)
        if self._guest is not None and message.topic.startswith(FOR_GUESTS):
            ack()
            heard = functools.partial(self._guest.received, retained=message.retain)
            self._loop.call_soon(heard, message.topic, bytes(message.payload))
            return
        if self._kits.filters and not message.topic.startswith(f"{ROOT}/"):
            for told, asks in self._kits.heard(message.topic, bytes(message.payload), retained=message.retain):
                self._hand_on(told, ack)
                if asks and told.device is not None:
                    self._loop.call_soon(self._ask, told.device)
            return
        self._hand_on(_read(message), ack)

    def _hand_on(self, told: DeviceMessage | Malformed, ack: Ack) -> None:
        if self._connected:
            self._loop.call_soon(self._on_message, told, ack)
        else:
            self._before_back.append((told, ack))

    def _ask(self, device: DeviceId) -> None:
        for question in self._kits.questions(device):
            self._say(question.topic, question.payload)

    def _ack_once(self, message: paho.MQTTMessage) -> Ack:
        open_acks = {self._connection} if message.qos else set()

        def ack() -> None:
            if open_acks and open_acks.pop() == self._connection and self._connected:
                self._paho.ack(message.mid, message.qos)

        return ack


class _Connection:
    """A TLS connection of which all that has come is read at once, and on which all that is said goes out at once.

    paho reads each packet in three pieces, and writes each by itself; each would be a call into TLS, after which the
    loop waits for its turn among the threads: a third of what a badge takes. Closed, it says nothing more: an unlock
    must not come late. ``parting``: what was said last goes out first.
    """

    def __init__(self, secured: ssl.SSLSocket) -> None:
        self._secured = secured
        self._ahead, self._come, self._taken = bytearray(READ_AHEAD), 0, 0
        self._said = bytearray()
        self.parting = False

    def recv(self, count: int) -> bytes:
        if self._taken == self._come:
            self._come, self._taken = self._secured.recv_into(self._ahead), 0
        part = bytes(self._ahead[self._taken : min(self._taken + count, self._come)])
        self._taken += len(part)
        if self._taken == self._come:
            self._ahead[: self._come] = bytes(self._come)  # cards stood there: nothing of them stays in memory
            self._come = self._taken = 0
        return part

    def pending(self) -> int:
        return self._come - self._taken + self._secured.pending()

    def send(self, buffer: bytes | bytearray) -> int:
        self._said += buffer
        return len(buffer)

    def flush(self) -> bool:
        """Write what was said; say whether all of it went out. A connection that is gone shows that when it is read."""
        try:
            while self._said:
                del self._said[: self._secured.send(self._said)]
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return False
        except OSError:
            self._said.clear()
        return True

    def close(self) -> None:
        if self.parting:
            self.flush()
        self._secured.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._secured, name)


class _Paho(paho.Client):
    """paho on a connection that was secured beforehand: its own way of doing so holds the loop, and every door."""

    secured: ssl.SSLSocket

    def _create_socket(self) -> Any:
        return _Connection(self.secured)


def _read(message: paho.MQTTMessage) -> DeviceMessage | Malformed:
    try:
        topic = message.topic
    except UnicodeDecodeError:
        return Malformed("", "topic: not UTF-8")
    return parse(topic, bytes(message.payload), message.retain)


def _properties(packet: int, **values: int) -> Properties:
    properties = Properties(packet)  # type: ignore[no-untyped-call]  # paho leaves it so
    for name, value in values.items():
        setattr(properties, name, value)
    return properties
