"""The insider holds the database and the signing key. The witness's copy holds him: offline, and to the entry.

Each case is judged twice, by ours and by the auditor's one file, which must say the same in the same words.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller import cli_log
from controller.cli_log import log_app, witness_app
from controller.ledger import auditor
from controller.ledger.note import ED25519, SignerKey
from controller.ledger.witness import Refusal
from controller.notary import Notary, log_key
from controller.store.checkpoints import CHECKPOINT_FILE
from tests.controller.ledger.insider import entry, resign, rewrite, rows, sql

ROOT = Path(__file__).parents[3]
SIZE, SEEN, BACKUP = 40, 30, 15
FORGED = b'{"event":{"forged":1},"site":"s"}'

LEAF = "its content does not match its leaf hash"
CHAIN = "its chain hash does not follow from the entries before it"
NOT_SEEN = "rewritten: it is not the entry that the witness saw"


def run(app, *arguments, stdin=None):
    done = CliRunner().invoke(app, [str(each) for each in arguments], input=stdin)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


@dataclass
class Case:
    """A box's folder, and outside of it: a witness's copy, the public keys, an old backup."""

    data: Path
    seen: Path
    log_key: Path
    witness_key: Path
    backup: Path

    def keys(self):
        return ("--log-key", self.log_key, "--witness-key", self.witness_key)


def signed(folder, size):
    rewrite(folder, [entry(seq) for seq in range(1, size + 1)])
    notary = Notary(folder)
    notary.take_up()
    notary.sign()
    notary.close()


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """Forty entries, with checkpoints of its own at 10, 15, 20, 30, 40; the witness came by at 20 and at 30."""
    base = tmp_path_factory.mktemp("outside")
    case = Case(base / "data", base / "seen", base / "log.pub", base / "witness.pub", base / "backup")
    case.data.mkdir()
    for size in (10, BACKUP, 20, SEEN, SIZE):
        signed(case.data, size)
        if size == BACKUP:
            shutil.copytree(case.data, case.backup)
        if size in (20, SEEN):
            case.log_key.write_text(run(log_app, "key", "--data", case.data)[1])
            since = 0 if size == 20 else 20
            code, bundle = run(log_app, "checkpoint", "--data", case.data, "--since", since)
            assert code == 0
            signing = ("--key", base / "witness.key", "--state", case.seen, "--log-key", case.log_key)
            assert run(witness_app, "sign", "-", *signing, stdin=bundle)[0] == 0
    case.witness_key.write_text(run(witness_app, "key", "--key", base / "witness.key")[1])
    return case


@pytest.fixture
def case(honest, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(honest.data, data)
    return Case(data, honest.seen, honest.log_key, honest.witness_key, honest.backup)


def judged(case, capsys, *, own=True, witness=True):
    """Return what all verifiers say, alike, and the exit code."""
    seen = ["--witness", case.seen] if witness else []
    code, said = run(log_app, "verify", "--data", case.data, *seen, *case.keys())
    given = [case.data / "ostiary.db", *(["--checkpoint", case.seen] if witness else []), *case.keys()]
    capsys.readouterr()
    assert auditor.main([str(each) for each in given]) == code
    assert capsys.readouterr().out.strip() == (said.strip() if code < 2 else "")
    return code, said.strip()


def compared(case, checkpoint=None):
    code, said = run(witness_app, "compare", "--data", case.data, "--checkpoint", checkpoint or case.seen, *case.keys())
    return code, said.strip()


def edit(case):
    sql(case.data, f"update event set body = x'{FORGED.hex()}' where seq = 7")


def edit_and_rehash(case):
    entries = rows(case.data)
    rewrite(case.data, [*entries[:6], entry(7, FORGED), *entries[7:]])


def delete(case):
    sql(case.data, "delete from event where seq = 12")


def delete_and_rehash(case):
    entries = rows(case.data)
    rewrite(case.data, [*entries[:11], *entries[12:]])


def insert(case):
    entries = rows(case.data)
    rewrite(case.data, [*entries[:21], entry(0, FORGED), *entries[21:]])


def reorder(case):
    sql(case.data, *(f"update event set seq = {a} where seq = {b}" for a, b in ((99, 8), (8, 9), (9, 99))))


def reorder_and_rehash(case):
    entries = rows(case.data)
    rewrite(case.data, [*entries[:7], entries[8], entries[7], *entries[9:]])


def rehash_everything(case):
    rewrite(case.data, [(each[0], "box_stopped", 1, each[3] + 1, *each[4:]) for each in rows(case.data)])


def truncate(case):
    sql(case.data, "delete from event where seq > 25")


def drop_later_checkpoints(case):
    sql(case.data, "delete from event where seq > 20")
    sql(case.data, "delete from checkpoint where size > 20", file=CHECKPOINT_FILE)


def restore_backup(case):
    shutil.rmtree(case.data)
    shutil.copytree(case.backup, case.data)


def restore_backup_and_go_on(case):
    restore_backup(case)
    rewrite(case.data, [*rows(case.data), *(entry(seq, FORGED) for seq in range(BACKUP + 1, SIZE + 1))])


DEEDS: list[tuple[Callable[[Case], None], int, str]] = [
    (edit, 7, LEAF),
    (edit_and_rehash, 7, NOT_SEEN),
    (delete, 12, "missing: the next entry found is 13"),
    (delete_and_rehash, 12, NOT_SEEN),
    (insert, 22, NOT_SEEN),
    (reorder, 8, LEAF),
    (reorder_and_rehash, 8, NOT_SEEN),
    (rehash_everything, 1, NOT_SEEN),
    (truncate, 26, "truncated: 25 entries, the witness saw 30"),
    (drop_later_checkpoints, 21, "truncated: 20 entries, the witness saw 30"),
    (restore_backup, 16, "truncated: 15 entries, the witness saw 30"),
    (restore_backup_and_go_on, 16, NOT_SEEN),
]


@pytest.mark.parametrize(("deed", "seq", "reason"), DEEDS, ids=lambda deed: getattr(deed, "__name__", ""))
def test_with_the_signing_key_he_is_still_found_out(case, capsys, deed, seq, reason):
    deed(case)
    resign(case.data)
    expected = (1, f"first bad entry: seq {seq}: {reason}")
    assert judged(case, capsys) == expected
    assert compared(case) == expected


def test_what_is_honest_is_intact(case, capsys):
    code, said = judged(case, capsys)
    assert code == 0
    assert said.startswith("intact: 40 entries, head ")
    assert compared(case) == (0, said)
    assert judged(case, capsys, witness=False) == (0, said)
    shutil.rmtree(case.data / CHECKPOINT_FILE, ignore_errors=True)
    (case.data / CHECKPOINT_FILE).unlink()
    assert judged(case, capsys, witness=False) == (0, said)


@pytest.mark.parametrize(
    ("deed", "verdict"),
    [
        (edit_and_rehash, "seq 1: rewritten: it, or one up to seq 10, is not the entry that its own checkpoint saw"),
        (insert, "seq 21: rewritten: it, or one up to seq 30, is not the entry that its own checkpoint saw"),
        (truncate, "seq 26: truncated: 25 entries, its own checkpoint saw 40"),
        (restore_backup_and_go_on, None),
        (drop_later_checkpoints, None),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_without_the_key_his_own_box_betrays_him_unless_the_checkpoints_are_gone_too(case, capsys, deed, verdict):
    deed(case)
    code, said = judged(case, capsys, witness=False)
    assert (code, said.removeprefix("first bad entry: ") if code else None) == (1 if verdict else 0, verdict)
    assert judged(case, capsys)[0] == 1


def test_without_the_leaves_the_stretch_is_named(case, capsys, tmp_path):
    bare = tmp_path / "bare"
    shutil.copy(case.seen, bare)
    delete_and_rehash(case)
    resign(case.data)
    stretch = "first bad entry: seq 1: rewritten: it, or one up to seq 30, is not the entry that the witness saw"
    assert compared(case, bare) == (1, stretch)


def test_another_key_does_not_help_him(case, capsys):
    edit_and_rehash(case)
    resign(case.data, SignerKey(log_key(case.data).name, ED25519, b"x" * 32))
    unsigned = "first bad entry: seq 10: its own checkpoint of 10 entries is not signed by the log's key"
    assert judged(case, capsys, witness=False) == (1, unsigned)


def test_a_checkpoint_nobody_signed_does_not_count(case, capsys):
    sql(case.data, "insert into checkpoint values (50, 'no note')", file=CHECKPOINT_FILE)
    unsigned = "first bad entry: seq 41: its own checkpoint of 50 entries is not signed by the log's key"
    assert judged(case, capsys) == (1, unsigned)
    sql(case.data, "update checkpoint set size = 12 where size = 50", file=CHECKPOINT_FILE)
    assert judged(case, capsys)[1].startswith("first bad entry: seq 12: its own checkpoint of 12 entries")
    sql(case.data, "delete from checkpoint where size = 12", file=CHECKPOINT_FILE)
    sql(case.data, "update checkpoint set size = 12 where size = 10", file=CHECKPOINT_FILE)
    assert judged(case, capsys)[1].startswith("first bad entry: seq 12: its own checkpoint of 12 entries")


def test_what_the_witness_has_not_seen_yet_he_can_still_change(case, capsys):
    """The limit, said plainly: the stretch since the witness's last visit is vouched for by the signing key alone."""
    entries = rows(case.data)
    rewrite(case.data, [*entries[:34], entry(35, FORGED), *entries[35:]])
    assert judged(case, capsys)[1].startswith("first bad entry: seq 31: rewritten: it, or one up to seq 40")
    resign(case.data)
    assert judged(case, capsys)[0] == 0


def test_the_box_itself_signs_no_rewritten_and_no_shortened_log(case):
    edit_and_rehash(case)
    assert run(log_app, "checkpoint", "--data", case.data) == (
        1,
        "rewritten: the first 40 entries are not those that were signed\n",
    )
    truncate(case)
    assert run(log_app, "checkpoint", "--data", case.data) == (
        1,
        "truncated: 25 entries, its own checkpoint saw 40\n",
    )


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        (edit_and_rehash, f"{Refusal.FORKED}: 40 entries were seen"),
        (truncate, "the box has no checkpoint that contains the 40 entries that were seen"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_witness_that_calls_again_and_again_stops_where_it_is_lied_to(case, tmp_path, monkeypatch, deed, said):
    """Round 1 cosigns, round 2 finds no box, the insider comes by, round 3 finds him out."""
    for name in ("seen", "seen.leaves", "witness.key"):
        shutil.copy(case.seen.parent / name, tmp_path)
    box = tmp_path / "box.py"
    box.write_text("from controller.cli_log import log_app\nlog_app()\n")
    rounds = []

    def between(seconds):
        rounds.append(seconds)
        if len(rounds) == 1:
            box.rename(tmp_path / "away.py")
        else:
            (tmp_path / "away.py").rename(box)
            deed(case)
            resign(case.data)

    monkeypatch.setattr(cli_log, "sleep", between)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    signing = ("--key", tmp_path / "witness.key", "--state", tmp_path / "seen", "--log-key", case.log_key)
    fetch = (sys.executable, box, "checkpoint", "--data", case.data, "--since", "{size}")
    code, output = run(witness_app, "run", *signing, "--every", 7, "--", *fetch)
    unheard = f"no checkpoint this time: {sys.executable} ended with exit code 2"
    assert (code, output.splitlines()) == (1, ["cosigned: 40 entries", unheard, said])
    assert rounds == [7.0, 7.0]
    assert compared(case, tmp_path / "seen")[0] == 1


def test_ending_a_witness_by_hand_is_no_finding(case, tmp_path, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli_log, "sleep", interrupted)
    signing = ("--key", tmp_path / "witness.key", "--state", tmp_path / "seen", "--log-key", case.log_key)
    code, output = run(witness_app, "run", *signing, "no such program")
    assert (code, output.startswith("no checkpoint this time: ")) == (0, True)


def test_the_witness_cosigns_no_rewritten_and_no_shortened_log(case, tmp_path):
    for name in ("seen", "seen.leaves", "witness.key"):
        shutil.copy(case.seen.parent / name, tmp_path)
    signing = ("--key", tmp_path / "witness.key", "--state", tmp_path / "seen", "--log-key", case.log_key)
    before = (tmp_path / "seen").read_bytes()

    def offered(since):
        return run(log_app, "checkpoint", "--data", case.data, "--since", since)[1]

    assert run(witness_app, "sign", "-", *signing, stdin=offered(10)) == (
        1,
        f"{Refusal.NOT_FROM_HERE}: 30 entries were seen; ask for: ostiary log checkpoint --since 30\n",
    )
    assert run(witness_app, "sign", "-", *signing, stdin=offered(30).rsplit("\n", 2)[0] + "\n")[0] == 1
    delete_and_rehash(case)
    resign(case.data)
    assert run(witness_app, "sign", "-", *signing, stdin=offered(30)) == (
        1,
        "rewritten: it does not contain what the witness saw: 30 entries were seen\n",
    )
    truncate(case)
    resign(case.data)
    assert offered(30) == "truncated: 25 entries, the witness saw 30\n"
    assert run(witness_app, "sign", "-", *signing, stdin=offered(0)) == (
        1,
        "truncated: it counts fewer entries than the witness saw: 30 entries were seen\n",
    )
    assert (tmp_path / "seen").read_bytes() == before
