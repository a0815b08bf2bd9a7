"""paho's properties say and read the same without tables of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import MQTTException, Properties

from devices.mqtt.lighter_paho import lighten

PACKETS = """
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
{lighten}
publish = Properties(PacketTypes.PUBLISH)
empty = publish.pack()
publish.MessageExpiryInterval = 2
publish.UserProperty = ("a", "b")
connect = Properties(PacketTypes.CONNECT)
connect.SessionExpiryInterval = 86400
connect.ReceiveMaximum = 1000
again, used = Properties(PacketTypes.PUBLISH).unpack(publish.pack())
again.unpack(empty)
fresh, _ = Properties(PacketTypes.PUBLISH).unpack(publish.pack() + b"payload")
print(empty, publish.pack(), connect.pack(), used, again.isEmpty(), fresh.json(), fresh, publish.names == connect.names)
"""


def said(lighten: str) -> str:
    line = [sys.executable, "-c", PACKETS.format(lighten=lighten)]
    return subprocess.run(line, check=True, capture_output=True, text=True).stdout


def test_packets_are_the_same_to_the_byte():
    as_it_comes = said("")
    assert "b'\\x00'" in as_it_comes
    assert said("from devices.mqtt.lighter_paho import lighten; lighten(); lighten()") == as_it_comes


def test_one_packets_properties_are_no_others_and_what_does_not_apply_is_refused():
    lighten()
    one, other = Properties(PacketTypes.PUBLISH), Properties(PacketTypes.PUBLISH)
    one.MessageExpiryInterval = 2
    assert (one.isEmpty(), other.isEmpty()) == (False, True)
    assert one.names is other.names
    with pytest.raises(MQTTException, match="does not apply"):
        other.ReceiveMaximum = 5
