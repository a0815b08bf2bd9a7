"""A box without wires on a real folder: one at a time, and after a start what the log says."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest

from controller.core import open_core, start_up
from controller.domain import stimuli as st
from controller.domain.effects import Relock, Unlock
from controller.domain.events import KIND_OF, AccessGranted
from controller.domain.people import Cardholder, CardholderKind, Credential, CredentialStatus
from controller.domain.site import Assurance
from controller.rules.fold import apply
from controller.site.errors import SiteErrors
from controller.store.codec import UnreadableEvent
from controller.store.fence import Fenced
from controller.store.keystore import SealBroken
from tests.controller.ledger.insider import disarmed

pytestmark = pytest.mark.anyio

PERSON = Cardholder("p-1", CardholderKind.STAFF, 3, frozenset({"guards"}))
BADGE = Credential("b-1", "p-1", "token", None, Assurance.PKI, CredentialStatus.ACTIVE, None, None)
PATIENCE = 20.0  # seconds
SITE = Path(__file__).parents[2] / "tests" / "embassy" / "embassy.toml"


class Wires:
    def __init__(self):
        self.posted = []

    def post(self, effect):
        self.posted.append(effect)


def written(log):
    """Wait for the first records, the loop standing still meanwhile; return the last one's number."""
    until = time.monotonic() + PATIENCE
    while not (found := log.read(before=None, limit=1)) and time.monotonic() < until:
        time.sleep(0.01)
    return found[0].seq


@contextlib.contextmanager
def opened(folder, site=SITE, wires=None):
    core = open_core(folder, site, wires or Wires())
    try:
        yield core
    finally:
        core.close()


async def test_a_second_controller_on_the_same_folder_is_refused(tmp_path):
    with opened(tmp_path), pytest.raises(Fenced, match="stop it, or name another --data"):
        open_core(tmp_path, SITE, Wires())
    with opened(tmp_path):
        pass


async def test_a_start_locks_everything_and_records_the_policy_once(tmp_path):
    wires = Wires()
    with opened(tmp_path, wires=wires) as core:
        start_up(core)
        doors = set(core.runtime.site.doors)
        assert {effect.door for effect in wires.posted if isinstance(effect, Relock)} == doors
    with opened(tmp_path) as core:
        start_up(core)
        kinds = [KIND_OF[type(record.event)] for record in core.log.replay()]
        assert kinds.count("site_activated") == 1
    with opened(tmp_path, site=None) as core:
        assert core.runtime.site.digest == core.runtime.state.site_digest
        assert set(core.runtime.site.doors) == doors


async def test_a_start_is_in_the_log_before_the_loop_comes_round(tmp_path):
    with opened(tmp_path) as core:
        start_up(core)
        assert written(core.log) == core.runtime.seq


async def test_the_policy_in_the_log_is_the_policy_that_was_read(tmp_path):
    file = tmp_path / "site.toml"
    file.write_bytes(SITE.read_bytes())
    with opened(tmp_path / "data", site=file) as core:
        file.write_text("# somebody saves another one meanwhile")
        start_up(core)
    with opened(tmp_path / "data", site=None) as core:
        assert len(core.runtime.site.doors) == 12


async def test_after_a_start_the_state_is_the_fold_and_nothing_granted_holds(tmp_path):
    with opened(tmp_path) as core:
        start_up(core)
        runtime = core.runtime
        reader = next(reader for reader in runtime.site.readers.values() if reader.enters == "forecourt")
        runtime.handle(st.PersonEnrolled("t", PERSON, "sealed"))
        runtime.handle(st.BadgeEnrolled("t", BADGE))
        granted = runtime.handle(st.CardPresented(reader.id, "token", "H10301", 26, "00"))
        assert any(isinstance(event, AccessGranted) for event in granted.outcome.events)
        await granted.durable
        before = runtime.state
    wires = Wires()
    with opened(tmp_path, wires=wires) as core:
        assert core.runtime.state == before
        folded = type(before)()
        for record in core.log.replay():
            folded = apply(folded, record.event, record.at)
        assert folded == before
        start_up(core)
        assert all(not door.passages for door in core.runtime.state.doors.values())
        assert not any(isinstance(effect, Unlock) for effect in wires.posted)
        assert core.runtime.state.hear_by is not None, "every device is to be heard of anew"
        assert not core.runtime.state.devices


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda folder: (folder / "box.key").write_bytes(b"short"), SealBroken),
        (lambda folder: _rewrite(folder, "update event set version = 9 where seq = 1"), UnreadableEvent),
        (lambda folder: (folder / "site.toml").write_text("nonsense"), SiteErrors),
    ],
)
async def test_a_box_that_cannot_start_says_why_and_lets_go_of_the_folder(tmp_path, spoil, error):
    (tmp_path / "site.toml").write_bytes(SITE.read_bytes())
    with opened(tmp_path) as core:
        start_up(core)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    spoil(tmp_path)
    with pytest.raises(error):
        open_core(tmp_path, tmp_path / "site.toml", Wires())
    for name, content in before.items():
        (tmp_path / name).write_bytes(content)
    with opened(tmp_path):
        pass


def _rewrite(folder, statement):
    with contextlib.closing(disarmed(folder / "ostiary.db")) as other, other:
        other.execute(statement)
