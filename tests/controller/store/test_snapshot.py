"""A snapshot is the fold of the log up to its record: what is folded on from it is what is folded from the first on."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from controller.domain.events import FaceTemplateRecorded
from controller.domain.state import SiteState
from controller.rules.fold import apply
from controller.store import snapshot
from controller.store.snapshot import Snapshot, UnfitSnapshot, fingerprint, forget_others, read, snapshot_file, write
from controller.store.vault import Sealed
from tests.controller.days import RandomDays


def folded(records, state=None):
    state = state or SiteState()
    for record in records:
        state = apply(state, record.event, record.at)
    return state


@settings(max_examples=20)
@given(seed=some.integers(0, 2**32), cut=some.floats(0, 1))
def test_the_fold_of_snapshot_and_rest_is_the_fold_of_all(seed, cut):
    records = asyncio.run(RandomDays(seed).run(120))
    first = records[: round(cut * len(records))]
    taken = Snapshot(len(first), 2, folded(first), Sealed({"p-1": "sealed"}))
    with tempfile.TemporaryDirectory() as name:
        digest = write(Path(name), taken)
        again = read(Path(name), len(first), digest)
    assert again == taken
    assert folded(records[len(first) :], again.state) == folded(records)


def test_it_comes_back_in_the_same_types(tmp_path):
    """A set that came back as a list would be equal to nothing later on."""
    records = asyncio.run(RandomDays(7).run(400))
    state = folded(records)
    template = FaceTemplateRecorded("t", "p-1", "dlib", "128", "sealed")
    when = datetime(2026, 11, 23, 9, 0, 0, 5, tzinfo=UTC)
    sealed = Sealed({"p-1": "sealed"}, {"p-1": template}, {"g-1": when}, {"p-9", "p-3"})
    digest = write(tmp_path, Snapshot(9, 2, state, sealed))
    again = read(tmp_path, 9, digest)
    assert again.sealed == sealed
    for field in fields(SiteState):
        was, now = getattr(state, field.name), getattr(again.state, field.name)
        assert type(now) is type(was), field.name
        assert now == was, field.name
        assert hash(now) == hash(was), field.name
    assert state.people
    assert state.alarms


def test_it_is_its_owners_alone_and_those_before_it_go(tmp_path):
    for seq in (5, 9):
        write(tmp_path, Snapshot(seq, 0, SiteState(), Sealed()))
    (tmp_path / "snapshot-7.jsonl.new").touch()
    forget_others(tmp_path, 9)
    assert [path.name for path in tmp_path.iterdir()] == ["snapshot-9.jsonl"]
    assert snapshot_file(tmp_path, 9).stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_not_the_one_told_of_is_unfit(tmp_path):
    digest = write(tmp_path, Snapshot(5, 0, SiteState(threat_level=1), Sealed()))
    path = snapshot_file(tmp_path, 5)
    path.write_bytes(path.read_bytes().replace(b'"threat_level",1', b'"threat_level",0'))
    with pytest.raises(UnfitSnapshot, match="not the file that the log tells of"):
        read(tmp_path, 5, digest)
    with pytest.raises(FileNotFoundError):
        read(tmp_path, 6, digest)


def test_what_other_rules_folded_is_unfit(tmp_path, monkeypatch):
    digest = write(tmp_path, Snapshot(5, 0, SiteState(), Sealed()))
    monkeypatch.setattr(snapshot, "fingerprint", lambda: "of another version")
    with pytest.raises(UnfitSnapshot, match="other rules"):
        read(tmp_path, 5, digest)


def test_the_fingerprint_is_of_every_file_that_a_fold_may_run(tmp_path, monkeypatch):
    for name in ("domain", "rules"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    monkeypatch.setattr(snapshot, "domain", _package(tmp_path / "domain"))
    monkeypatch.setattr(snapshot, "rules", _package(tmp_path / "rules"))
    before = fingerprint.__wrapped__()
    (tmp_path / "rules" / "fold.py").write_text("# changed")
    assert fingerprint.__wrapped__() != before


def _package(folder):
    return type("Package", (), {"__file__": str(folder / "__init__.py")})


def test_a_full_disk_leaves_the_old_one_and_no_draft(tmp_path, monkeypatch):
    digest = write(tmp_path, Snapshot(5, 0, SiteState(), Sealed()))

    def full(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(snapshot.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path, Snapshot(6, 0, SiteState(), Sealed()))
    assert [path.name for path in tmp_path.iterdir()] == ["snapshot-5.jsonl"]
    assert read(tmp_path, 5, digest) == replace(read(tmp_path, 5, digest))
