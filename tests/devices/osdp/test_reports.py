"""Every reply that reports something, from the hand at the peripheral to the event."""

import pytest

from devices.osdp import commands as cmd
from devices.osdp.events import (
    CommandDelivered,
    CommunicationChanged,
    ConfirmOverdue,
    FormattedCardRead,
    ManufacturerSaid,
    ReadersChanged,
    TamperChanged,
)
from tests.devices.osdp.wire import Wire, reader

VENDOR = b"\x5c\x26\x23"


def test_a_card_that_the_reader_made_characters_of():
    wire = Wire(reader(0)).online()
    wire.devices[0].present_formatted(b"12345678")
    assert wire.until(FormattedCardRead) == FormattedCardRead(0, 0, 0, b"12345678")
    wire.run(0.2)
    assert wire.devices[0].pending == 0
    assert "12345678" not in repr(wire.of(FormattedCardRead))


def test_text_on_a_display():
    wire = Wire(reader(0)).online()
    wire.panel.send(0, cmd.Text(0, cmd.TextStyle.TEMPORARY, 5, 1, 1, b"WAIT"), deadline=wire.now + 1)
    wire.until(CommandDelivered)
    assert wire.devices[0].text == b"WAIT"


def test_a_makers_own_command_is_an_opaque_port():
    wire = Wire(reader(0)).online()
    wire.panel.send(0, cmd.Manufacturer(VENDOR, b"any thing"), deadline=wire.now + 1, token="port")
    assert wire.until(CommandDelivered).token == "port"
    wire.run(2.0)
    assert wire.of(ManufacturerSaid) == [ManufacturerSaid(0, VENDOR, b"any thing")]
    assert not wire.of(ConfirmOverdue)


def test_a_reader_behind_the_peripheral_that_is_opened_or_pulled_off():
    wire = Wire(reader(0)).online()
    device = wire.devices[0]
    for state in (2, 0, 1, 0):
        device.touch_wall_reader(state)
        wire.run(0.3)
    assert [event for _, event in wire.events] == [
        TamperChanged(0, active=True),
        TamperChanged(0, active=False),
        ReadersChanged(0, missing=True),
        ReadersChanged(0, missing=False),
    ]


def test_either_tamper_switch_keeps_the_peripheral_tampered():
    wire = Wire(reader(0)).online()
    wire.devices[0].tamper(True)
    wire.devices[0].touch_wall_reader(2)
    wire.devices[0].tamper(False)
    wire.run(0.5)
    assert wire.of(TamperChanged) == [TamperChanged(0, active=True)]
    wire.devices[0].touch_wall_reader(0)
    wire.run(0.5)
    assert wire.of(TamperChanged)[1:] == [TamperChanged(0, active=False)]


@pytest.mark.parametrize("state", [1, 2])
def test_what_is_wrong_at_a_reader_behind_it_is_asked_at_each_coming_online(state):
    wire = Wire(reader(0))
    wire.devices[0].touch_wall_reader(state)
    wire.run(2.0)
    assert wire.of(ReadersChanged)[-1] == ReadersChanged(0, missing=state == 1)
    assert wire.of(TamperChanged)[-1] == TamperChanged(0, active=state == 2)


def test_comset_is_answered_and_told():
    wire = Wire(reader(0)).online()
    wire.panel.send(0, cmd.CommunicationSet(5, 38400), deadline=wire.now + 1)
    assert wire.until(CommunicationChanged) == CommunicationChanged(0, 5, 38400)
    assert (wire.devices[0].address, wire.devices[0].baud) == (5, 38400)
