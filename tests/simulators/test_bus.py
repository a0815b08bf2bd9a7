"""The bus must be as slow as its baud rate says, or every figure measured over it is a lie."""

import os
import termios
import time
import tty

import pytest

from simulators.bus import PacedBus
from simulators.line_faults import Faults, LineFaults
from tests.devices.lines import running_bus


class Parrot:
    """Answers whatever it hears with `answer`."""

    def __init__(self, answer):
        self.answer = answer
        self.heard = []

    def receive(self, received, now):
        self.heard.append((received, now))
        return [self.answer] if self.answer else []

    def get_timer(self):
        return float("inf")

    def handle_timer(self, now):
        return []


class Panel:
    """The other end of the pty, by hand."""

    def __init__(self, bus):
        self._descriptor = os.open(bus.path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._descriptor)

    def ask(self, question, length):
        """The answer and the seconds it took."""
        started = time.monotonic()
        os.write(self._descriptor, question)
        answer = b""
        while len(answer) < length:
            answer += os.read(self._descriptor, 4096)
        return answer, time.monotonic() - started

    def speak_at(self, speed):
        settings = termios.tcgetattr(self._descriptor)
        settings[4] = settings[5] = speed
        termios.tcsetattr(self._descriptor, termios.TCSANOW, settings)

    def close(self):
        os.close(self._descriptor)


@pytest.fixture
def panel_on():
    panels = []

    def open_panel(bus):
        panels.append(Panel(bus))
        return panels[-1]

    yield open_panel
    for panel in panels:
        panel.close()


@pytest.mark.parametrize("baud", [9600, 115_200])
def test_bytes_take_their_time(panel_on, baud):
    parrot = Parrot(b"a" * 60)
    with running_bus(parrot, baud=baud, turnaround=0.01) as bus:
        answer, took = panel_on(bus).ask(b"q" * 40, 60)
    assert answer == parrot.answer
    assert took >= 100 * 10 / baud + 0.01
    assert parrot.heard[0][0] == b"q" * 40


def test_two_who_talk_at_once_destroy_both(panel_on):
    with running_bus(Parrot(b"a" * 32), Parrot(b"a" * 32)) as bus:
        answer, _ = panel_on(bus).ask(b"q", 64)
        assert b"a" * 8 not in answer
        assert bus.collisions


def test_the_same_seed_is_the_same_bad_luck():
    faults = Faults(seed=3, loss=0.3, bit_flip=0.1, duplicate=0.3, late=0.3)

    def luck():
        dice = LineFaults(faults)
        return [(dice.lost(), dice.copies(), dice.lateness(), dice.flip(b"frame")) for _ in range(50)]

    assert luck() == luck()
    assert {copies for _, copies, _, _ in luck()} == {0, 1, 2}
    assert any(arrived != b"frame" for *_, arrived in luck())
    assert all(len(arrived) == 5 for *_, arrived in luck())


def test_an_adapter_may_hear_itself(panel_on):
    with running_bus(Parrot(b"yes"), faults=Faults(echo=True)) as bus:
        assert panel_on(bus).ask(b"question", 11)[0] == b"questionyes"


def test_what_was_said_may_come_again_and_noise_behind_it(panel_on):
    with running_bus(Parrot(b"yes"), faults=Faults(seed=2, replay=1.0)) as bus:
        assert panel_on(bus).ask(b"q", 6)[0] == b"yesyes"
    with running_bus(Parrot(b"yes"), faults=Faults(seed=2, babble=1.0)) as bus:
        answer, _ = panel_on(bus).ask(b"q", 4)
        assert answer.startswith(b"yes")
        assert len(answer) > 3


def test_a_line_may_turn_bad_and_well_again_while_it_runs(panel_on):
    with running_bus(Parrot(b"yes")) as bus:
        panel = panel_on(bus)
        bus.suffer(Faults(seed=9, duplicate=1.0))
        assert bus.is_bad
        assert panel.ask(b"q", 6)[0] == b"yesyes"
        bus.suffer(Faults(seed=9))
        assert not bus.is_bad
        assert panel.ask(b"q", 3)[0] == b"yes"


def test_a_link_takes_the_place_of_a_killed_bus_s_and_of_nothing_else(tmp_path):
    (tmp_path / "old").symlink_to("/dev/pts/none")
    with running_bus(Parrot(b""), link=tmp_path / "old"):
        assert (tmp_path / "old").exists()
    (tmp_path / "file").write_text("kept")
    with pytest.raises(FileExistsError, match="no simulated port"):
        PacedBus([Parrot(b"")], clock=time.monotonic, link=tmp_path / "file")
    assert (tmp_path / "file").read_text() == "kept"


def test_a_cut_port_is_gone_and_the_link_names_the_new_one(tmp_path, panel_on):
    with running_bus(Parrot(b"yes"), link=tmp_path / "line") as bus:
        assert panel_on(bus).ask(b"q", 3)[0] == b"yes"
        bus.cut()
        assert not (tmp_path / "line").exists()
        bus.restore()
        assert panel_on(bus).ask(b"q", 3)[0] == b"yes"


def test_stop_leaves_nothing(tmp_path):
    bus = PacedBus([Parrot(b"")], clock=time.monotonic, link=tmp_path / "line")
    bus.start()
    bus.stop()
    assert not list(tmp_path.iterdir())
    assert not bus._thread.is_alive()


def test_only_who_speaks_at_the_ports_speed_hears_it(panel_on):
    here, moved = Parrot(b"here"), Parrot(b"moved")
    moved.baud = 9_600
    with running_bus(here, moved) as bus:
        panel = panel_on(bus)
        assert panel.ask(b"?", 4)[0] == b"here"
        panel.speak_at(termios.B9600)
        answer, took = panel.ask(b"?" * 10, 5)
        assert (answer, [heard for heard, _ in here.heard]) == (b"moved", [b"?"])
        assert took >= 15 * 10 / 9_600
