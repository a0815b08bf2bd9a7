"""A peripheral moves to another address or speed, and is found again whatever goes wrong on the way."""

import pytest

from devices.osdp import replies as rep
from devices.osdp.errors import LocalError
from devices.osdp.frame import FrameParser
from devices.osdp.handover import Ended, Fate, Handover, Place
from devices.osdp.peripheral import Peripheral
from tests.devices.osdp.wire import dice, key, reader

OLD, NEW = Place(0, 9_600), Place(5, 115_200)
COM = rep.CommunicationReport.code


class Line:
    """Both ends at the speeds they have: what is said at another speed is noise. `lose(frame)` loses a reply."""

    def __init__(self, new=NEW, device=None, lose=lambda frame: False):
        self.device = device or reader(0)
        self.device.baud = OLD.baud
        self.lose = lose
        self.now = 50.0
        self.handover = Handover(Peripheral(0, key(0)), OLD, new, now=self.now, random_bytes=dice())

    def run(self, seconds=60.0):
        end = self.now + seconds
        while self.handover.ended is None and self.now < end:
            self.handover.handle_timer(self.now)
            sent = self.handover.next_transmission(self.now)
            if sent is None:
                self.now = max(self.now + 0.001, min(self.handover.get_timer(), end))
                continue
            self.now += 0.01
            heard = self.handover.baud == self.device.baud
            baud = self.handover.baud
            for reply in self.device.receive(sent, self.now) if heard else []:
                [frame] = FrameParser().feed(reply)
                if not self.lose(frame) and baud == self.handover.baud:
                    self.handover.receive(reply, self.now)
        return self.handover.ended


@pytest.mark.parametrize("new", [NEW, Place(5, 9_600), Place(0, 230_400)])
def test_it_is_found_at_its_new_place(new):
    line = Line(new)
    assert line.run(5.0) == Ended(Fate.MOVED, new)
    assert Place(line.device.address, line.device.baud) == new
    assert line.device.secured
    assert line.handover.next_transmission(line.now) is None


def test_the_answer_is_lost_and_it_is_found_all_the_same():
    assert Line(lose=lambda frame: frame.code == COM).run() == Ended(Fate.MOVED, NEW)


def test_one_that_refuses_stays():
    line = Line()
    execute = line.device._obey
    line.device._obey = lambda frame, now: rep.Nak(rep.NAK_UNABLE) if frame.code == 0x6E else execute(frame, now)
    assert line.run() == Ended(Fate.STAYED, OLD)


def test_one_that_answers_what_it_had_stays():
    line = Line()
    execute = line.device._obey
    had = rep.CommunicationReport(0, 9_600)
    line.device._obey = lambda frame, now: had if frame.code == 0x6E else execute(frame, now)
    assert line.run() == Ended(Fate.STAYED, OLD)


def test_one_that_says_it_moves_and_does_not_is_found_where_it_was():
    line = Line()
    line.device._readdress = lambda: None
    assert line.run() == Ended(Fate.STAYED, OLD)


def test_one_that_chooses_another_speed_is_found_there():
    line = Line()
    execute = line.device._obey

    def other(frame, now):
        if frame.code != 0x6E:
            return execute(frame, now)
        line.device._moving = 5, 38_400
        return rep.CommunicationReport(5, 38_400)

    line.device._obey = other
    assert line.run() == Ended(Fate.MOVED, Place(5, 38_400))


def test_one_that_is_gone_is_given_up():
    line = Line()
    line.device.unplug()
    assert line.run(120.0) == Ended(Fate.LOST, OLD)


def test_one_that_moves_to_nowhere_is_given_up():
    line = Line()
    line.device._readdress = line.device.unplug
    assert line.run(120.0).fate is Fate.LOST


@pytest.mark.parametrize("new", [OLD, Place(127, 9_600), Place(5, 4_800)])
def test_a_place_where_nobody_can_be(new):
    with pytest.raises(LocalError):
        Line(new)
