import math
import statistics
from itertools import pairwise

import pytest

from devices.osdp import commands as cmd
from devices.osdp import secure_channel as sc
from devices.osdp.control_panel import ControlPanel
from devices.osdp.errors import LocalError
from devices.osdp.events import (
    CardRead,
    CommandDelivered,
    CommandDropped,
    CommandRefused,
    ConfirmOverdue,
    DeviceOffline,
    DeviceOnline,
    InputsReported,
    KeypadInput,
    OfflineCause,
    OutputsReported,
    PowerChanged,
    SecurityViolation,
    TamperChanged,
    ViolationKind,
)
from devices.osdp.exchange import Pace
from devices.osdp.frame import FrameParser
from devices.osdp.peripheral import Peripheral
from tests.devices.osdp.wire import Wire, dice, key, module, reader

CARD = (26, b"\x12\x34\x56\x40")
PULSE = cmd.Output((cmd.OutputRecord(0, cmd.OutputControl.TIMED_ON, 5),))


def sequences(wire, address):
    frames = [FrameParser().feed(sent)[0] for _, sent in wire.commands]
    return [frame.sequence for frame in frames if frame.address == address]


def polls(wire, address):
    return [at for at, sent in wire.commands if sent[1] == address]


def test_each_comes_online_secure_and_has_all_its_states_read():
    wire = Wire(reader(0), module(1, inputs=3))
    wire.run(1.0)
    assert [(e.address, e.secure) for e in wire.of(DeviceOnline)] == [(0, True), (1, True)]
    assert all(device.secured for device in wire.devices)
    assert wire.of(TamperChanged) == [TamperChanged(0, active=False), TamperChanged(1, active=False)]
    assert wire.of(PowerChanged) == [PowerChanged(0, failed=False), PowerChanged(1, failed=False)]
    assert wire.of(InputsReported) == [InputsReported(1, (0, 0, 0))]
    assert wire.of(OutputsReported) == [OutputsReported(1, (0, 0))]


def test_in_the_clear_only_where_it_is_said_so():
    wire = Wire(reader(0, key=None), peripherals=[Peripheral(0, secure=False)]).online()
    wire.devices[0].present_card(*CARD)
    assert wire.until(CardRead) == CardRead(0, 0, *CARD)
    assert not wire.devices[0].secured


def test_what_the_hand_does_is_told_once_and_in_order():
    wire = Wire(reader(0)).online()
    device = wire.devices[0]
    device.present_card(*CARD)
    device.type_pin("12*#")
    device.tamper(True)
    device.tamper(False)
    wire.run(1.0)
    assert [event for _, event in wire.events] == [
        CardRead(0, 0, *CARD),
        KeypadInput(0, 0, "12*#"),
        TamperChanged(0, active=True),
        TamperChanged(0, active=False),
    ]


def test_polls_keep_their_pace_and_their_sequence():
    wire = Wire(reader(0), reader(1)).online()
    wire.commands.clear()
    wire.run(2.0)
    gaps = [later - earlier for earlier, later in pairwise(polls(wire, 0))]
    assert statistics.median(gaps) == pytest.approx(0.05, abs=0.01)
    steps = sequences(wire, 0)
    assert all(later == earlier % 3 + 1 for earlier, later in pairwise(steps))


def test_on_a_long_line_what_rests_is_polled_seldom_and_what_was_stirred_briskly_for_a_while():
    wire = Wire(*(reader(address) for address in range(10))).online()
    wire.run(6.0)
    wire.commands.clear()
    wire.run(2.0)
    assert len(polls(wire, 0)) == pytest.approx(8, abs=1)  # every 250 ms
    wire.devices[0].present_card(*CARD)
    wire.until(CardRead)
    wire.commands.clear()
    wire.run(2.0)
    assert len(polls(wire, 1)) == pytest.approx(8, abs=1)
    brisk = len(polls(wire, 0))
    assert brisk > 20  # as often as nine others leave it room
    wire.run(4.0)
    wire.commands.clear()
    wire.run(2.0)
    assert len(polls(wire, 0)) == pytest.approx(8, abs=1)


def test_a_command_does_not_wait_for_the_pace_of_a_long_line():
    wire = Wire(*(reader(address) for address in range(12))).online()
    wire.run(6.0)
    asked = wire.now
    wire.panel.send(3, PULSE, deadline=asked + 1.0)
    wire.until(CommandRefused)  # a reader has no relays
    assert wire.now - asked < 0.05


def test_what_moves_a_bolt_goes_before_what_shows_a_light():
    """Eight lights and tones at 9600 baud take half a second; a bolt does not wait for them, whoever has it."""
    wire = Wire(*(reader(address) for address in range(8)), module(8), module(9), byte=10 / 9600).online()
    asked = wire.now
    light = cmd.Led((cmd.LedRecord(temporary=cmd.LedTemporary(cmd.TemporaryLed.SET, 2, 2, 2, 0, 10)),))
    for address in range(8):
        wire.panel.send(address, light, deadline=asked + 5)
        wire.panel.send(address, cmd.Buzzer(0, cmd.Tone.DEFAULT, 1, 1, 1), deadline=asked + 5)
    wire.panel.send(8, cmd.OutputStatusRequest(), deadline=asked + 5)
    wire.panel.send(9, PULSE, deadline=asked + 5, token="asked first")
    wire.panel.send(8, PULSE, deadline=asked + 5, token="asked second")
    wire.run(3.0)
    told = wire.of(CommandDelivered)
    assert [one.token for one in told[:2]] == ["asked first", "asked second"]
    assert {type(one.command) for one in told[2:10]} == {cmd.Led, cmd.Buzzer}
    assert len(told) == 19, "and nothing is lost"
    assert next(at for at, event in wire.events if isinstance(event, CommandDelivered)) - asked < 0.1


def test_orders_to_one_bolt_keep_their_order():
    moves = []
    wire = Wire(module(0, on_output=lambda *move: moves.append(move[1]))).online()
    for control in (cmd.OutputControl.ON, cmd.OutputControl.OFF, cmd.OutputControl.ON, cmd.OutputControl.OFF):
        wire.panel.send(0, cmd.Output((cmd.OutputRecord(0, control, 0),)), deadline=wire.now + 1)
    wire.run(1.0)
    assert moves == [True, False, True, False]


def test_a_lost_reply_is_asked_for_again_with_the_same_frame():
    wire = Wire(reader(0)).online()
    lost = []
    wire.tap = lambda reply: [reply] if lost else lost.append(reply) or []
    wire.devices[0].present_card(*CARD)
    wire.commands.clear()
    assert wire.until(CardRead) == CardRead(0, 0, *CARD)
    assert wire.commands[0][1] == wire.commands[1][1]
    wire.run(1.0)
    assert len(wire.of(CardRead)) == 1


def test_a_report_is_not_acknowledged_before_it_is_confirmed():
    wire = Wire(reader(0), reader(1)).online()
    wire.confirm = False
    wire.devices[0].present_card(*CARD)
    wire.until(CardRead)
    wire.commands.clear()
    wire.run(0.5)
    assert not polls(wire, 0)
    assert wire.devices[0].pending == 1
    assert len(polls(wire, 1)) >= 9  # the others go on
    wire.panel.confirm(0)
    wire.run(0.1)
    assert wire.devices[0].pending == 0


def test_nobody_confirms():
    wire = Wire(reader(0)).online()
    wire.confirm = False
    wire.devices[0].present_card(*CARD)
    wire.until(CardRead)
    wire.run(0.9)
    assert not wire.of(ConfirmOverdue)
    wire.run(0.3)
    assert wire.of(ConfirmOverdue) == [ConfirmOverdue(0)]
    assert polls(wire, 0)[-1] > wire.now - 0.1


def test_a_command_passes_a_held_report():
    moves = []
    wire = Wire(module(0, on_output=lambda *move: moves.append(move[:2]))).online()
    wire.confirm = False
    wire.devices[0].set_input(1, 1)
    wire.until(InputsReported)
    wire.panel.send(0, PULSE, deadline=wire.now + 1, token="egress")
    assert wire.until(CommandDelivered, 0.1) == CommandDelivered(0, PULSE, "egress")
    assert moves == [(0, True)]


def test_a_timed_output_falls_by_itself():
    moves = []
    wire = Wire(module(0, on_output=lambda *move: moves.append(move))).online()
    wire.panel.send(0, PULSE, deadline=wire.now + 1)
    wire.run(1.0)
    (_, on, started), (_, off, ended) = moves
    assert (on, off) == (True, False)
    assert ended - started == pytest.approx(0.5, abs=0.01)


def test_lights_and_buzzer():
    wire = Wire(reader(0)).online()
    blink = cmd.LedTemporary(cmd.TemporaryLed.SET, 2, 2, cmd.Color.GREEN, cmd.Color.BLACK, 10)
    steady = cmd.LedPermanent(cmd.PermanentLed.SET, 1, 0, cmd.Color.RED, cmd.Color.RED)
    wire.panel.send(0, cmd.Led((cmd.LedRecord(temporary=blink, permanent=steady),)), deadline=wire.now + 1)
    wire.panel.send(0, cmd.Buzzer(0, cmd.Tone.DEFAULT, 1, 1, 2), deadline=wire.now + 1)
    wire.run(0.3)
    assert (wire.devices[0].led(wire.now), wire.devices[0].beeps) == (cmd.Color.GREEN, 2)
    assert wire.devices[0].led(wire.now + 1) is cmd.Color.RED


def test_a_refused_command_says_why():
    wire = Wire(module(0, outputs=1)).online()
    far = cmd.Output((cmd.OutputRecord(5, cmd.OutputControl.ON),))
    wire.panel.send(0, far, deadline=wire.now + 1, token=7)
    assert wire.until(CommandRefused) == CommandRefused(0, far, 7, 9)


def test_past_its_deadline_a_command_never_goes_out():
    moves = []
    wire = Wire(module(0, on_output=lambda *move: moves.append(move))).online()
    wire.devices[0].unplug()
    wire.run(0.1)
    wire.panel.send(0, PULSE, deadline=wire.now + 0.5, token="late")
    assert wire.until(CommandDropped, 1.0) == CommandDropped(0, PULSE, "late")
    wire.devices[0].plug_in()
    wire.run(5.0)
    assert wire.panel.is_online(0)
    assert not moves


def test_not_even_a_late_owner_sends_a_late_command():
    wire = Wire(module(0)).online()
    wire.panel.send(0, PULSE, deadline=wire.now + 0.5, token="late")
    sent = wire.panel.next_transmission(wire.now + 0.6)
    assert sent is None or FrameParser().feed(sent)[0].code != PULSE.code
    assert CommandDropped(0, PULSE, "late") in wire.panel.take_events()


def test_a_command_in_doubt_is_not_repeated_past_its_deadline():
    moves = []
    wire = Wire(module(0, on_output=lambda *move: moves.append(move[1]))).online()
    wire.tap = lambda reply: []
    wire.panel.send(0, PULSE, deadline=wire.now + 0.3, token="doubt")
    wire.until(CommandDropped, 1.0)
    wire.tap = lambda reply: [reply]
    wire.run(5.0)
    assert moves == [True, False]
    assert wire.panel.is_online(0)


def test_a_command_survives_a_short_break_before_its_deadline():
    wire = Wire(module(0)).online()
    wire.devices[0].unplug()
    wire.run(0.1)
    wire.panel.send(0, PULSE, deadline=wire.now + 6, token=1)
    wire.devices[0].plug_in()
    assert wire.until(CommandDelivered, 5.0).token == 1


def test_a_full_queue_drops_at_once():
    wire = Wire(module(0), confirm=False)
    for token in range(66):
        wire.panel.send(0, PULSE, deadline=math.inf, token=token)
    wire.run(0.001)
    assert [event.token for event in wire.of(CommandDropped)] == [64, 65]


def test_silence_is_offline_after_8_s_and_the_return_is_soon():
    wire = Wire(reader(0)).online()
    wire.tap = lambda reply: []
    started = wire.now
    assert wire.until(DeviceOffline, 9.0) == DeviceOffline(0, OfflineCause.NO_ANSWER)
    assert wire.now - started == pytest.approx(8.0, abs=0.2)
    wire.run(20.0)
    wire.tap = lambda reply: [reply]
    wire.until(DeviceOnline, 2.0)
    assert len(wire.of(DeviceOffline)) == 1


def test_one_that_was_never_there_is_told_once():
    wire = Wire(reader(0), peripherals=[Peripheral(0, key(0)), Peripheral(1, key(1))])
    wire.run(30.0)
    assert [e for e in wire.of(DeviceOffline) if e.address == 1] == [DeviceOffline(1, OfflineCause.NO_ANSWER)]


def test_a_power_cut_is_seen_and_the_states_are_read_anew():
    wire = Wire(module(0, inputs=2)).online()
    wire.devices[0].unplug()
    wire.run(1.0)
    wire.devices[0].set_input(0, 1)
    wire.devices[0].plug_in()
    wire.until(DeviceOnline, 2.0)
    wire.run(0.2)
    assert wire.of(DeviceOffline) == [DeviceOffline(0, OfflineCause.SESSION_LOST)]
    assert wire.of(InputsReported) == [InputsReported(0, (1, 0))]


def test_a_dead_one_does_not_slow_the_others():
    wire = Wire(*[reader(address) for address in range(4)]).online()
    wire.devices[3].unplug()
    wire.run(3.0)
    wire.commands.clear()
    wire.run(10.0)
    gaps = [later - earlier for earlier, later in pairwise(polls(wire, 0))]
    assert statistics.fmean(gaps) < 0.06
    assert sum(gap > 0.15 for gap in gaps) <= 3  # only the patient probes are felt


def test_a_new_key_holds_from_the_next_session_on():
    wire = Wire(reader(0)).online()
    fresh = bytes(range(16))
    wire.panel.send(0, cmd.KeySet(fresh), deadline=wire.now + 1)
    wire.until(CommandDelivered)
    wire.panel.line_lost(wire.now)
    wire.until(DeviceOnline)
    assert wire.devices[0]._key == fresh


def test_a_lost_line_takes_all_down_and_all_come_back():
    wire = Wire(reader(0), reader(1)).online()
    wire.panel.line_lost(wire.now)
    wire.run(1.0)
    assert wire.of(DeviceOffline) == [DeviceOffline(a, OfflineCause.LINE_LOST) for a in (0, 1)]
    assert [e.address for e in wire.of(DeviceOnline)] == [0, 1]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Peripheral(0),
        lambda: Peripheral(0, b"short"),
        lambda: Peripheral(0, sc.DEFAULT_KEY),
        lambda: Peripheral(127, key(0)),
        lambda: Peripheral(0, key(0), secure=False),
        lambda: ControlPanel([Peripheral(1, key(0)), Peripheral(1, key(1))], now=0.0, random_bytes=dice()),
    ],
)
def test_a_configuration_that_would_weaken_a_door_is_refused(wrong):
    with pytest.raises(LocalError):
        wrong()


@pytest.mark.parametrize(
    ("address", "command"),
    [
        (9, PULSE),
        (0, cmd.Poll()),
        (0, cmd.Challenge(bytes(8))),
        (0, cmd.KeySet(sc.DEFAULT_KEY)),
        (1, cmd.KeySet(bytes(16))),
    ],
)
def test_what_must_never_be_sent(address, command):
    panel = ControlPanel([Peripheral(0, key(0)), Peripheral(1, secure=False)], now=0.0, random_bytes=dice())
    with pytest.raises(LocalError):
        panel.send(address, command, deadline=1.0)


def test_a_reader_whose_key_was_swapped_is_told_and_comes_back_with_its_own():
    wire = Wire(reader(0)).online()
    wire.devices[0].mistake_key()
    wire.devices[0].mistake_key()  # twice is as wrong as once
    assert wire.until(SecurityViolation).kind is ViolationKind.WRONG_KEY
    wire.devices[0].recall_key()
    assert wire.until(DeviceOnline, seconds=60.0).secure


def test_whoever_has_more_to_tell_is_asked_for_it_at_once():
    wire = Wire(reader(0), reader(1)).online()
    began = wire.now
    for _ in range(6):
        wire.devices[0].present_card(*CARD)
    while len(wire.of(CardRead)) < 6:
        wire.run(0.005)
    assert wire.now - began < 0.15, "six polls' intervals are 0.3 s"


def test_whoever_never_ends_telling_leaves_the_others_their_turn():
    wire = Wire(reader(0), reader(1)).online()
    for _ in range(400):
        wire.devices[0].present_card(*CARD)
    wire.commands.clear()
    wire.run(2.0)
    gaps = [later - earlier for earlier, later in pairwise(polls(wire, 1))]
    assert max(gaps) < 0.08


def test_the_polls_of_a_long_line_follow_each_other_without_a_pause_and_hardly_more_often():
    wire = Wire(*[reader(address) for address in range(16)], module(16)).online()
    wire.run(6.0)  # nothing has happened at any of them for so long that they are left to rest
    wire.commands.clear()
    wire.run(10.0)
    times = [at for at, _ in wire.commands]
    rounds = len(times) / 17
    assert 10.0 / 0.25 - 1 <= rounds <= 10.0 / 0.24
    pauses = [after - before for before, after in pairwise(times)]
    exchange = min(pauses)
    assert sum(pause > 1.5 * exchange for pause in pauses) <= rounds + 1, "one a round, until the first is due again"


def test_nobody_is_polled_twice_in_a_round_and_whoever_came_just_before_one_is_left_out_of_it():
    pace = Pace(0.05, 0.2, began=7.3)
    assert pace.after(7.3 + 0.185) == pytest.approx(7.5)
    assert pace.after(7.3 + 0.195) == pytest.approx(7.7)
    due = 7.3
    for _ in range(10_000):  # polled the very moment it was due
        due, before = pace.after(due), due
        assert due - before == pytest.approx(0.2)
