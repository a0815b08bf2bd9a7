"""Devices of consumer kit on the broker, as their ecosystems document them: MQTT 3.1.1, no boot, no numbers, own words.

Each acts like the device: it says what it is and what its contact shows, obeys what it is told in its own words, and
leaves a last will. They share no code with the box's adapters.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from devices.mqtt.identity import context

KEEPALIVE = 5


class ConsumerDevice(ABC):
    """One device (or its gateway), signed in as ``user``. ``energised`` is the truth of its relay or its bolt.

    ``bundle`` is the folder of its certificate. ``obeyed`` holds what it was told, as topic and payload.
    """

    def __init__(self, user: str, bundle: Path, port: int, topic: str) -> None:
        self.topic = topic
        self.energised = False
        self.is_open = False
        self.obeyed: list[tuple[str, bytes]] = []
        self._timer: threading.Timer | None = None
        self._connected = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, user, protocol=paho.MQTTv311)
        self._client.tls_set_context(context(bundle))
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(1, 1)
        self._port = port

    def start(self) -> None:
        """Power on. TimeoutError where the broker lets it not in."""
        will, payload = self._will()
        self._client.will_set(will, payload, qos=1, retain=True)
        self._client.connect("127.0.0.1", self._port, KEEPALIVE)
        self._client.loop_start()
        if not self._connected.wait(10.0):
            raise TimeoutError(self.topic)

    def stop(self) -> None:
        """Power off, with a good-bye where the device has one."""
        if self._timer is not None:
            self._timer.cancel()
        self._client.disconnect()
        self._client.loop_stop()

    def vanish(self) -> None:
        """Be gone without a word: the broker publishes the last will."""
        self._client.loop_stop()
        sock: Any = self._client.socket()
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def open(self, *, is_open: bool) -> None:
        """Open or close what its contact senses."""
        self.is_open = is_open
        self._say_contact()

    def say(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        """Say anything at all."""
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(5.0)

    @abstractmethod
    def _will(self) -> tuple[str, str]: ...

    @abstractmethod
    def _orders(self) -> str: ...

    @abstractmethod
    def _hello(self) -> None: ...

    @abstractmethod
    def _say_contact(self) -> None: ...

    @abstractmethod
    def _say_relay(self) -> None: ...

    @abstractmethod
    def _obey(self, topic: str, payload: bytes) -> None: ...

    def _switch(self, *, on: bool, seconds: float | None = None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.energised = on
        self._say_relay()
        if on and seconds:
            self._timer = threading.Timer(seconds, self._switch, kwargs={"on": False})
            self._timer.daemon = True
            self._timer.start()

    def _tell(self, topic: str, payload: str | dict[str, object], *, retain: bool = False) -> None:
        said = payload if isinstance(payload, str) else json.dumps(payload)
        self._client.publish(topic, said, qos=1, retain=retain)

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if not reason.is_failure:
            client.subscribe(self._orders(), qos=1)
            self._hello()
            self._connected.set()

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        payload = bytes(message.payload)
        self.obeyed.append((message.topic, payload))
        self._obey(message.topic, payload)


class Zigbee2Mqtt(ConsumerDevice):
    """zigbee2mqtt with one lock that has a contact; ``topic`` is `BASE/NAME`."""

    def _will(self) -> tuple[str, str]:
        return f"{self.topic.partition('/')[0]}/bridge/state", '{"state":"offline"}'

    def _orders(self) -> str:
        return f"{self.topic}/+"

    def _hello(self) -> None:
        self._tell(f"{self.topic.partition('/')[0]}/bridge/state", {"state": "online"}, retain=True)
        self.available(there=True)
        self._say_relay()

    def available(self, *, there: bool) -> None:
        """Let the radio reach the device, or not."""
        self._tell(f"{self.topic}/availability", {"state": "online" if there else "offline"}, retain=True)

    def _say_contact(self) -> None:
        self._say_relay()

    def _say_relay(self) -> None:
        bolt = {"state": "UNLOCK", "lock_state": "unlocked"} if self.energised else LOCKED
        self._tell(self.topic, {**bolt, "contact": not self.is_open, "battery_low": False, "linkquality": 96})

    def _obey(self, topic: str, payload: bytes) -> None:
        order = json.loads(payload)
        if topic.endswith("/get"):
            self._say_relay()
        elif topic.endswith("/set"):
            self._switch(on=order["state"] == "UNLOCK")


class FrigateRecorder(ConsumerDevice):
    """Frigate with one camera; ``topic`` is `BASE/NAME`. ``open`` lets somebody into the picture, or out of it."""

    def _will(self) -> tuple[str, str]:
        return f"{self.topic.partition('/')[0]}/available", "offline"

    def _orders(self) -> str:
        return f"{self.topic}/+/set"

    def _hello(self) -> None:
        self._tell(f"{self.topic.partition('/')[0]}/available", "online", retain=True)

    def event(self, kind: str, number: str = "1763798400.5-abcdef", *, zones: tuple[str, ...] = ()) -> None:
        """Tell of somebody who comes (``new``), goes on (``update``) or is gone (``end``)."""
        base, _, camera = self.topic.partition("/")
        after = {"id": number, "camera": camera, "label": "person", "current_zones": zones, "false_positive": False}
        self._tell(f"{base}/events", {"type": kind, "before": after, "after": after})

    def _say_contact(self) -> None:
        self.event("new" if self.is_open else "end")
        self._tell(f"{self.topic}/person", "1" if self.is_open else "0")

    def _say_relay(self) -> None:
        """It has none."""

    def _obey(self, topic: str, payload: bytes) -> None:
        """It is told nothing that it would do."""


LOCKED: dict[str, object] = {"state": "LOCK", "lock_state": "locked"}


class ShellyPlus(ConsumerDevice):
    """A Shelly Plus 1: one relay, one input."""

    def _will(self) -> tuple[str, str]:
        return f"{self.topic}/online", "false"

    def _orders(self) -> str:
        return f"{self.topic}/rpc"

    def _hello(self) -> None:
        self._tell(f"{self.topic}/online", "true", retain=True)

    def _say_contact(self) -> None:
        params = {"ts": 1795424400.0, "input:0": {"id": 0, "state": self.is_open}}
        told: dict[str, object] = {"src": self.topic, "dst": f"{self.topic}/events", "method": "NotifyStatus"}
        self._tell(f"{self.topic}/events/rpc", {**told, "params": params})

    def _say_relay(self) -> None:
        status = {"id": 0, "source": "MQTT", "output": self.energised, "temperature": {"tC": 41.3}}
        self._tell(f"{self.topic}/status/switch:0", status)

    def _obey(self, topic: str, payload: bytes) -> None:
        del topic
        call = json.loads(payload)
        result: dict[str, object] = {"id": 0, "output": self.energised}
        if call["method"] == "Switch.Set":
            was = self.energised
            self._switch(on=call["params"]["on"], seconds=call["params"].get("toggle_after"))
            result = {"was_on": was}
        elif call["method"] == "Input.GetStatus":
            result = {"id": 0, "state": self.is_open}
        self._tell(f"{call['src']}/rpc", {"id": call["id"], "src": self.topic, "dst": call["src"], "result": result})


class TasmotaRelay(ConsumerDevice):
    """A Tasmota device: one relay, one switch that tells its state (`SetOption114 1`)."""

    pulse = 0

    def _will(self) -> tuple[str, str]:
        return f"tele/{self.topic}/LWT", "Offline"

    def _orders(self) -> str:
        return f"cmnd/{self.topic}/#"

    def _hello(self) -> None:
        self._tell(f"tele/{self.topic}/LWT", "Online", retain=True)

    def _say_contact(self) -> None:
        self._tell(f"stat/{self.topic}/RESULT", {"Switch1": {"Action": "ON" if self.is_open else "OFF"}})

    def _say_relay(self) -> None:
        word = "ON" if self.energised else "OFF"
        self._tell(f"stat/{self.topic}/RESULT", {"POWER": word})
        self._tell(f"stat/{self.topic}/POWER", word)

    def _obey(self, topic: str, payload: bytes) -> None:
        name, words = topic.rpartition("/")[2].lower(), payload.decode()
        commands = words.split(";") if name.startswith("backlog") else [f"{name} {words}"]
        for command in commands:
            verb, _, value = command.strip().partition(" ")
            self._command(verb.lower(), value)

    def _command(self, verb: str, value: str) -> None:
        if verb == "pulsetime1":
            self.pulse = int(value)
        elif verb == "status":
            self._tell(f"stat/{self.topic}/STATUS10", {"StatusSNS": {"Switch1": "ON" if self.is_open else "OFF"}})
        elif verb == "power1" and not value:
            self._say_relay()
        elif verb == "power1":
            seconds = self.pulse / 10 if self.pulse <= 111 else self.pulse - 100
            self._switch(on=value == "ON", seconds=seconds or None)


class EsphomeLock(ConsumerDevice):
    """An ESPHome node with a lock and a contact; what it says is retained."""

    def _will(self) -> tuple[str, str]:
        return f"{self.topic}/status", "offline"

    def _orders(self) -> str:
        return f"{self.topic}/+/+/command"

    def _hello(self) -> None:
        self._tell(f"{self.topic}/status", "online", retain=True)
        self._say_relay()
        self._say_contact()

    def _say_contact(self) -> None:
        self._tell(f"{self.topic}/binary_sensor/contact/state", "ON" if self.is_open else "OFF", retain=True)

    def _say_relay(self) -> None:
        self._tell(f"{self.topic}/lock/lock/state", "UNLOCKED" if self.energised else "LOCKED", retain=True)

    def _obey(self, topic: str, payload: bytes) -> None:
        if topic.endswith("lock/lock/command"):
            self._switch(on=payload == b"UNLOCK")
