"""Another policy for a running box: over the control socket, by two who know their passwords, and back again."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller.activation import Activation, rewired
from controller.admin import Admin
from controller.cli import app
from controller.control import ControlServer
from controller.core import open_core, start_up
from controller.domain.events import SiteActivated
from controller.domain.operators import Role
from controller.domain.site import Site
from controller.site.loader import parse_site
from controller.store.history import History
from controller.store.place import log_place

EMBASSY = Path(__file__).parents[2] / "tests" / "embassy" / "embassy.toml"
BASE = EMBASSY.read_text(encoding="utf-8").split("[[invariant]]")[0]
SENTENCE = '\n[[invariant]]\nid = "pin"\nname = "Never without a PIN"\nkind = "never_enters"\nzones = ["registry"]\n'
PROVEN = BASE.replace('start = "07:00"', 'start = "06:30"', 1) + SENTENCE + 'without = ["pin"]\n'
BROKEN = BASE.replace('factors = ["card", "pin"]', 'factors = ["card"]') + SENTENCE + 'without = ["pin"]\n'


class Nothing:
    def post(self, effect):
        pass


class Keys:
    """What the box looks for, and what it plugs anew."""

    def __init__(self):
        self.missing = None
        self.plugged: list[tuple[Site, Site]] = []

    def prepare(self, site):
        if self.missing:
            raise ValueError(self.missing)

    async def replug(self, before, site):
        self.plugged.append((before, site))
        return rewired(before, site)


class Running:
    """A box without wires, on a loop of its own, so that the command line can speak with it."""

    def __init__(self, data: Path) -> None:
        self.data, self.keys = data, Keys()
        self.loop = asyncio.new_event_loop()
        self.ready, self.ending = threading.Event(), asyncio.Event()

    async def serve(self):
        self.core = open_core(self.data, self.file, Nothing())
        try:
            start_up(self.core)
            control = ControlServer(self.data, Activation(self.core, self.keys.prepare, self.keys.replug).commands)
            await control.start()
            for name, role in (("sue", Role.SUPERVISOR), ("otto", Role.SECURITY_OFFICER), ("gil", Role.GUARD)):
                await Admin(self.core).add_operator(name, role, "test")
                self.core.keystore.set_password(name, f"pass-{name}", one_time=False)
            self.once = await Admin(self.core).add_operator("new", Role.SECURITY_OFFICER, "test")
            self.ready.set()
            await self.ending.wait()
            await control.stop()
        finally:
            self.core.close()


@contextmanager
def running(data, file):
    box = Running(data)
    box.file = file
    thread = threading.Thread(target=lambda: box.loop.run_until_complete(box.serve()))
    thread.start()
    try:
        assert box.ready.wait(30)
        yield box
    finally:
        box.loop.call_soon_threadsafe(box.ending.set)
        thread.join(30)
        box.loop.close()


@pytest.fixture
def base(tmp_path):
    file = tmp_path / "base.toml"
    file.write_text(BASE, encoding="utf-8")
    return file


@pytest.fixture
def box(tmp_path, base):
    with running(tmp_path / "data", base) as box:
        yield box


@pytest.fixture
def activate(box, tmp_path):
    def run(text, *, first="sue", second="otto", words="pass-sue\npass-otto\n"):
        file = tmp_path / "new.toml"
        file.write_text(text, encoding="utf-8")
        who = ["--first", first, "--second", second, "--data", str(box.data)]
        return CliRunner().invoke(app, ["site", "activate", str(file), *who], input=words)

    return run


def activations(box):
    return [record.event for record in History(log_place(box.data)).records("site_activated")]


def test_a_policy_is_proven_compared_tried_and_brought_in_by_two(box, activate):
    done = activate(PROVEN)
    assert done.exit_code == 0, done.output
    assert "proven: all 1 hold" in done.output
    assert "  schedule office: periods now" in done.output
    assert "it would have refused 0 entries" in done.output
    assert "in force: " in done.output
    assert "connected anew" not in done.output
    last = activations(box)[-1]
    assert (last.toml, last.operator, last.second) == (PROVEN, "sue", "otto")
    assert box.core.runtime.site == parse_site(PROVEN.encode(), "x")
    assert len(box.keys.plugged) == 1


def test_the_way_back_is_one_command(box, activate):
    activate(PROVEN)
    who = ["--first", "otto", "--second", "sue", "--data", str(box.data)]
    done = CliRunner().invoke(app, ["site", "rollback", *who], input="pass-otto\npass-sue\n")
    assert done.exit_code == 0, done.output
    assert box.core.runtime.site.digest == parse_site(BASE.encode(), "x").digest
    assert [event.operator for event in activations(box)] == [None, "sue", "otto"]


def test_there_is_no_way_back_from_the_first(box):
    done = CliRunner().invoke(app, ["site", "rollback", "--data", str(box.data)])
    assert (done.exit_code, "there is none to go back to" in done.output) == (2, True)


def test_a_file_that_breaks_its_own_sentence_stays_out(box, activate):
    done = activate(BROKEN)
    assert done.exit_code == 1
    assert "BROKEN  pin: Never without a PIN" in done.output
    assert len(activations(box)) == 1


@pytest.mark.parametrize(
    ("first", "second", "words", "why"),
    [
        ("sue", "otto", "pass-sue\nwrong\n", "the name or the password of otto is not right"),
        ("sue", "sue", "pass-sue\npass-sue\n", "refused: second person needed"),
        ("gil", "otto", "pass-gil\npass-otto\n", "refused: not your role"),
        ("sue", "nobody", "pass-sue\nx\n", "the name or the password of nobody is not right"),
    ],
)
def test_without_two_who_may_nothing_changes(box, activate, first, second, words, why):
    done = activate(PROVEN, first=first, second=second, words=words)
    assert done.exit_code == 2
    assert why in done.output
    assert box.core.runtime.site.digest == parse_site(BASE.encode(), "x").digest


def test_a_one_time_password_agrees_to_nothing(box, activate):
    done = activate(PROVEN, second="new", words=f"pass-sue\n{box.once}\n")
    assert (done.exit_code, "was never changed at a first sign-in" in done.output) == (2, True)


def test_a_wrong_password_is_a_failed_sign_in(box, activate):
    activate(PROVEN, words="no\nno\n")
    failed = [r.event for r in History(log_place(box.data)).records("operator_sign_in_failed")]
    assert [(event.operator, event.address) for event in failed] == [("sue", "control socket")]


def test_a_policy_whose_keys_are_missing_stays_out(box, activate):
    box.keys.missing = "device osdp-9 needs a key"
    done = activate(PROVEN)
    assert (done.exit_code, "device osdp-9 needs a key" in done.output) == (2, True)


def test_the_box_proves_for_itself_what_it_is_handed(box):
    async def smuggled():
        known = [{"name": name, "password": f"pass-{name}"} for name in ("sue", "otto")]
        activation = Activation(box.core, box.keys.prepare, box.keys.replug)
        given = {"toml": BROKEN, "file": "x", "in_force": box.core.runtime.site.digest, "operators": known}
        return await activation.commands["site_activate"](given)

    with pytest.raises(ValueError, match="not proven: Never without a PIN"):
        asyncio.run_coroutine_threadsafe(smuggled(), box.loop).result(60)


def test_who_looked_at_another_policy_looks_again(box):
    async def late():
        activation = Activation(box.core, box.keys.prepare, box.keys.replug)
        return await activation.commands["site_activate"](
            {"toml": BASE, "in_force": "old", "file": "new.toml", "operators": [{}, {}]}
        )

    with pytest.raises(ValueError, match="came into force meanwhile"):
        asyncio.run_coroutine_threadsafe(late(), box.loop).result(60)


def test_without_a_box_nothing_is_brought_in(tmp_path, base):
    done = CliRunner().invoke(app, ["site", "activate", str(base), "--data", str(tmp_path)])
    assert (done.exit_code, "no box runs" in done.output) == (2, True)


def test_after_a_restart_what_two_decided_stands_above_the_file(tmp_path, base):
    data, file = tmp_path / "data", tmp_path / "new.toml"
    file.write_text(PROVEN, encoding="utf-8")
    with running(data, base) as box:
        who = ["--first", "sue", "--second", "otto", "--data", str(data)]
        assert (
            CliRunner().invoke(app, ["site", "activate", str(file), *who], input="pass-sue\npass-otto\n").exit_code == 0
        )
    with running(data, base) as box:
        assert box.core.runtime.site.digest == parse_site(PROVEN.encode(), "x").digest
        assert len(activations(box)) == 2


def test_what_is_wired_otherwise_is_told_part_by_part():
    site = parse_site(BASE.encode(), "x")
    slower = replace(site.doors["registry-door"], open_seconds=20.0, name="Files")
    assert rewired(site, replace(site, doors={**site.doors, "registry-door": slower})) == []
    unseen = replace(site.doors["registry-door"], contact=None)
    assert rewired(site, replace(site, doors={**site.doors, "registry-door": unseen})) == ["doors"]
    assert rewired(site, replace(site, lines={}, readers={})) == ["lines", "readers"]


def test_the_first_policy_names_nobody(box):
    (first,) = activations(box)
    assert isinstance(first, SiteActivated)
    assert (first.operator, first.second) == (None, None)
