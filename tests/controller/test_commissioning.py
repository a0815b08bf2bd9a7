"""The wizard over a paced line: real bytes, the simulated readers' memory, the box's key files."""

from __future__ import annotations

import contextlib
import json
import os
import time
from datetime import UTC, datetime
from os import urandom

import pytest
from typer.testing import CliRunner

from controller.admin import AdminError
from controller.cli import app
from controller.commissioning import Commissioning, Wizard
from controller.domain.events import ReaderKeyed
from controller.osdp_keys import OSDP_KEY_NOTES, OSDP_KEYS, KeyNote, KeyRing, Origin
from controller.runtime.studies import NotReplaced
from controller.site.loader import load_site
from controller.store.secret_files import SecretFiles
from devices.osdp.bench import BenchError
from devices.osdp.handover import Place as Spot
from simulators.bus import PacedBus
from simulators.osdp_device import Wiring
from simulators.reader import Reader

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
BROUGHT = "8f3c21d4a59be6070f18273d4c5a6b7e"
SITE = """
[site]
id = "bench"
name = "A bench"
timezone = "UTC"
plan = [100, 100]

[[zone]]
id = "hall"
name = "Hall"
level = "controlled"
shape = [[0, 0], [50, 0], [50, 50], [0, 50]]

[[line]]
id = "line-a"
port = "PORT"
baud = 115200

[[device]]
id = "head"
kind = "osdp"
side = "attack"
line = "line-a"
address = 1
formats = ["H10301"]

[[device]]
id = "clear"
kind = "osdp"
side = "attack"
line = "line-a"
address = 2
secure_channel = "off"

[[schedule]]
id = "always"
name = "Always"
always = true

[[threat_level]]
number = 0
name = "Normal"
"""


@pytest.fixture
def bench(tmp_path):
    """Readers by address on a line of their own, the site that names them, and an empty ring."""
    stack = []

    def build(*readers):
        bus = PacedBus(readers, clock=time.monotonic)
        bus.start()
        stack.append(bus)
        file = tmp_path / "site.toml"
        file.write_text(SITE.replace("PORT", bus.path))
        ring = KeyRing(SecretFiles(tmp_path))
        said = []
        wizard = Wizard(load_site(file), ring, lambda: NOW, said.append, neighbours=range(4), within=20.0)
        wizard.said, wizard.ring, wizard.file = said, ring, file
        return wizard

    yield build
    for bus in stack:
        bus.stop()


def head(address=1, key=None, *, install_mode=True):
    return Reader(Wiring(address, key, install_mode=install_mode), random_bytes=urandom)


def note(wizard):
    return wizard.ring.notes({"head": wizard.ring.key("head")})["head"]


def test_a_reader_by_itself_gets_a_key_that_nobody_heard(bench):
    reader = head()
    wizard = bench(reader)
    result = wizard.commission(wizard.place("line-a", 1))
    assert (result.device, result.exposed, result.neighbours) == ("head", False, ())
    assert reader._key == wizard.ring.key("head")
    assert note(wizard) == KeyNote(NOW, Origin.WIZARD, exposed=False, nameplate=reader.nameplate)
    assert wizard.ring.next("head") is None
    assert wizard.said[-1] == "the reader has proven its key, and the box keeps it"


def test_a_key_set_where_others_answer_is_exposed_until_it_is_rotated_alone(bench):
    reader, other = head(), head(3, urandom(16), install_mode=False)
    wizard = bench(reader, other)
    place = wizard.place("line-a", 1)
    assert wizard.commission(place).neighbours == (3,)
    assert note(wizard).exposed
    assert wizard.rotate(place).exposed  # whoever heard the first key reads the second
    other.unplug()
    before = wizard.ring.key("head")
    assert not wizard.rotate(place).exposed
    assert not note(wizard).exposed
    assert reader._key == wizard.ring.key("head") != before


def test_a_secret_key_is_rotated_among_others_and_stays_secret(bench):
    reader, other = head(), head(3, urandom(16), install_mode=False)
    other.unplug()
    wizard = bench(reader, other)
    place = wizard.place("line-a", 1)
    wizard.commission(place)
    other.plug_in()
    assert not wizard.rotate(place).exposed


def test_a_key_that_was_brought_is_proven_before_it_is_kept(bench):
    reader = head(key=bytes.fromhex(BROUGHT), install_mode=False)
    wizard = bench(reader)
    place = wizard.place("line-a", 1)
    with pytest.raises(BenchError, match="does not prove"):
        wizard.adopt(place, BROUGHT[::-1])
    assert wizard.ring.key("head") is None
    wizard.adopt(place, f" {BROUGHT}\n")
    assert note(wizard) == KeyNote(NOW, Origin.OUT_OF_BAND, nameplate=reader.nameplate)


def test_rotating_a_key_takes_nobody_over(bench):
    """Whoever hung a copy there, key and all, is not made the true one by the technician's yearly round."""
    reader = head()
    wizard = bench(reader)
    place, true = wizard.place("line-a", 1), reader.nameplate
    wizard.commission(place)
    reader.swap(0xBAD)
    wizard.rotate(place)
    assert note(wizard).nameplate == true != reader.nameplate


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("303132333435363738393a3b3c3d3e3f", "public default key"),
        ("00" * 16, "not random"),
        ("x", "32 hexadecimal"),
        ("ab" * 15, "32 hexadecimal"),
    ],
)
def test_a_bad_key_is_refused_before_the_line_is_opened(bench, text, said):
    wizard = bench()
    with pytest.raises(AdminError, match=said):
        wizard.adopt(wizard.place("line-a", 1), text)


def test_a_wizard_that_was_cut_short_finds_the_reader_with_either_key(bench):
    reader = head(key=bytes.fromhex(BROUGHT), install_mode=False)
    wizard = bench(reader)
    wizard.ring.note_next("head", bytes.fromhex(BROUGHT))  # the reader took it, the power failed, the box knows no key
    wizard.commission(wizard.place("line-a", 1))
    assert reader._key == wizard.ring.key("head") != bytes.fromhex(BROUGHT)


def test_nothing_there_ends_in_time_with_a_sentence(bench):
    wizard = bench()
    wizard._within = 0.5
    with pytest.raises(BenchError, match="the time for this is up"):
        wizard.commission(wizard.place("line-a", 1))


def test_a_line_that_somebody_holds_is_refused(bench):
    wizard = bench(head())
    place = wizard.place("line-a", 1)
    with wizard._bench(place), pytest.raises(BenchError, match="the line cannot be had"):
        wizard.commission(place)


@pytest.mark.parametrize(
    ("line", "address", "said"),
    [("line-b", 1, "no line line-b"), ("line-a", 7, "no device at address 7"), ("line-a", 2, "it has no key")],
)
def test_a_place_that_is_none(bench, line, address, said):
    with pytest.raises(AdminError, match=said):
        bench().place(line, address)


def test_rotating_needs_a_key(bench):
    wizard = bench(head())
    with pytest.raises(AdminError, match="no key yet"):
        wizard.rotate(wizard.place("line-a", 1))


def test_a_key_changed_by_hand_does_not_inherit_a_good_name(tmp_path):
    ring = KeyRing(SecretFiles(tmp_path))
    ring.put("head", bytes.fromhex(BROUGHT), KeyNote(NOW, Origin.WIZARD))
    (tmp_path / OSDP_KEYS).write_text(json.dumps({"head": BROUGHT[::-1]}))
    assert ring.notes({"head": bytes.fromhex(BROUGHT[::-1])}) == {"head": KeyNote()}


def test_a_sealed_box_keeps_keys_and_notes_sealed(tmp_path):
    ring = KeyRing(SecretFiles(tmp_path, lambda: bytes(32)))
    ring.put("head", bytes.fromhex(BROUGHT), KeyNote(NOW, Origin.WIZARD))
    assert ring.key("head") == bytes.fromhex(BROUGHT)
    for name in (OSDP_KEYS, OSDP_KEY_NOTES):
        assert not (tmp_path / name).exists()
        assert BROUGHT.encode() not in (tmp_path / f"{name}.sealed").read_bytes()


@pytest.mark.anyio
async def test_another_reader_in_its_place_gets_another_key_on_a_line_that_the_doors_lend(bench):
    stranger = head()
    wizard, lent, record = bench(stranger), [], []
    before = os.urandom(16)
    wizard.ring.put("head", before, KeyNote(NOW, Origin.WIZARD))
    site = load_site(wizard.file)

    @contextlib.asynccontextmanager
    async def lend(line):
        lent.append(line)
        yield
        lent.append("back")

    office = Commissioning(lambda: site, wizard.ring, {}, lambda: NOW, lend, record.append, neighbours=range(4))
    done = await office.replace("tina", "head")
    assert lent == ["line-a", "back"]
    assert record == [ReaderKeyed("tina", "head", done.serial, "wizard", False)]
    assert stranger._key == wizard.ring.key("head") != before


@pytest.mark.anyio
async def test_what_hangs_on_no_line_is_replaced_by_nobody_and_nothing_is_recorded(bench):
    wizard, record = bench(), []
    site = load_site(wizard.file)
    office = Commissioning(lambda: site, wizard.ring, {}, lambda: NOW, None, record.append)
    with pytest.raises(NotReplaced, match="hangs on no line"):
        await office.replace("tina", "nowhere")
    assert record == []


@pytest.mark.anyio
async def test_another_reader_in_the_clear_is_asked_who_it_is_and_gets_no_key(bench):
    wizard, lent, record = bench(Reader(Wiring(2), random_bytes=urandom)), [], []
    site = load_site(wizard.file)

    @contextlib.asynccontextmanager
    async def lend(line):
        lent.append(line)
        yield
        lent.append("back")

    office = Commissioning(lambda: site, wizard.ring, {}, lambda: NOW, lend, record.append)
    done = await office.replace("tina", "clear")
    assert (done.device, done.serial, done.exposed, lent) == ("clear", "00010203", False, ["line-a", "back"])
    assert done.said[-1] == "it says that it is vendor 0a0017 model 1 serial 00010203"
    assert record == []
    assert wizard.ring.key("clear") is None


def test_a_commissioned_reader_moves_to_another_address_and_is_found_there(bench, tmp_path):
    reader = head(key=bytes.fromhex(BROUGHT), install_mode=False)
    wizard = bench(reader)
    place = wizard.place("line-a", 1)
    with pytest.raises(AdminError, match="no key yet"):
        wizard.move(place, 5, None)
    wizard.adopt(place, BROUGHT)
    for to, said in ((2, "is that of"), (1, "nobody can be moved to address 1"), (None, "nobody can be moved")):
        with pytest.raises(AdminError, match=said):
            wizard.move(place, to, None)
    assert wizard.move(place, 5, None) == Spot(5, 115_200)
    assert reader.address == 5

    data, run = tmp_path / "box", CliRunner().invoke
    file = tmp_path / "moved.toml"
    file.write_text(wizard.file.read_text().replace("address = 1", "address = 5"))
    options = ["line-a", "5", "--site", str(file), "--data", str(data)]
    assert run(app, ["osdp", "commission", *options, "--key-file", "-"], input=BROUGHT).exit_code == 0
    done = run(app, ["osdp", "move", *options, "--to", "7"])
    assert done.exit_code == 0, done.stderr
    assert "head: at address 7, 115200 baud" in done.stdout
    assert BROUGHT not in done.stdout + done.stderr
    assert reader.address == 7


def test_the_command_line_from_a_bare_box(bench, tmp_path):
    reader = head(key=bytes.fromhex(BROUGHT), install_mode=False)
    wizard = bench(reader)
    port = wizard.place("line-a", 1).port
    data, run = tmp_path / "box", CliRunner().invoke
    scanned = run(app, ["osdp", "scan", port, "--baud", "115200", "--last", "3", "--json"])
    assert [(row["address"], row["default_key"], row["baud"]) for row in json.loads(scanned.stdout)] == [
        (1, False, 115200)
    ]
    shown = run(app, ["osdp", "scan", "line-a", "--site", str(wizard.file), "--last", "2", "--data", str(data)])
    assert "refuses it" in shown.stdout
    assert not data.exists()  # looking leaves nothing behind
    options = ["line-a", "1", "--site", str(wizard.file), "--data", str(data)]
    refused = run(app, ["osdp", "rotate", *options])
    assert (refused.exit_code, "no key yet" in refused.stderr) == (2, True)
    brought = run(app, ["osdp", "commission", *options, "--key-file", "-"], input=BROUGHT)
    assert brought.exit_code == 0, brought.stderr
    assert "head: keyed" in brought.stdout
    assert BROUGHT not in brought.stdout + brought.stderr
    assert run(app, ["osdp", "rotate", *options]).exit_code == 0
    assert reader._key == KeyRing(SecretFiles(data)).key("head") != bytes.fromhex(BROUGHT)


def test_a_commissioned_reader_changes_its_speed_and_is_found_at_it(bench, tmp_path):
    reader, neighbour = head(key=bytes.fromhex(BROUGHT), install_mode=False), head(3, urandom(16), install_mode=False)
    wizard = bench(reader, neighbour)
    wizard.adopt(wizard.place("line-a", 1), BROUGHT)
    assert wizard.move(wizard.place("line-a", 1), None, 38_400) == Spot(1, 38_400)
    assert (reader.baud, neighbour.baud) == (38_400, 0)
    port = wizard.place("line-a", 1).port
    rates = ["--baud", "38400", "--baud", "115200"]
    scanned = CliRunner().invoke(app, ["osdp", "scan", port, *rates, "--last", "3", "--json"])
    assert [(row["address"], row["baud"]) for row in json.loads(scanned.stdout)] == [(1, 38_400), (3, 115_200)]

    file, key = tmp_path / "slower.toml", tmp_path / "key"
    file.write_text(wizard.file.read_text().replace("baud = 115200", "baud = 38400"))
    key.write_text(BROUGHT)
    options = ["line-a", "1", "--site", str(file), "--data", str(tmp_path / "box")]
    assert CliRunner().invoke(app, ["osdp", "commission", *options, "--key-file", str(key)]).exit_code == 0
    back = CliRunner().invoke(app, ["osdp", "move", *options, "--to", "7", "--baud", "115200"])
    assert back.exit_code == 0, back.stderr
    assert "head: at address 7, 115200 baud" in back.stdout
    assert "write that into the site file" in back.stderr
    assert (reader.address, reader.baud) == (7, 115_200)


def test_a_reader_whose_place_is_set_by_switches_stays_and_the_sentence_says_where(bench, tmp_path):
    reader = head(key=bytes.fromhex(BROUGHT), install_mode=False)
    reader.movable = False
    wizard = bench(reader)
    options = ["line-a", "1", "--site", str(wizard.file), "--data", str(tmp_path / "box")]
    brought = CliRunner().invoke(app, ["osdp", "commission", *options, "--key-file", "-"], input=BROUGHT)
    assert brought.exit_code == 0, brought.stderr
    for where in (["--baud", "9600"], ["--to", "5"]):
        refused = CliRunner().invoke(app, ["osdp", "move", *options, *where])
        assert (refused.exit_code, refused.stdout) == (2, "")
        said = " ".join(refused.stderr.split())
        assert "head stayed at address 1 at 115200 baud: it refuses to move" in said
        assert "write that into the site file" not in said
    assert (reader.address, reader.baud) == (1, 0)
