"""What is found out from a real log in a process of its own: reports, proofs, policies; how it is given up."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from controller import study_log
from controller.core import open_core, start_up
from controller.domain import events as ev
from controller.domain.alarms import AlarmKind, Priority, Source
from controller.domain.events import Recorded
from controller.domain.ids import OperatorId
from controller.domain.instant import Instant
from controller.giving_way import GIVES_WAY
from controller.ledger.checkpoint import open_checkpoint
from controller.ledger.merkle import inclusion_holds
from controller.ledger.note import parse_verifier_key
from controller.notary import Notary
from controller.runtime.studies import Busy, StudyKind
from controller.studies import MOST_AT_ONCE, ChildStudies
from controller.study_policy import compared, proven, what_if

EMBASSY = Path(__file__).parents[1] / "embassy" / "embassy.toml"
BASE = EMBASSY.read_text(encoding="utf-8").split("[[invariant]]")[0]
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ADA = OperatorId("ada")
WEEK = {
    "since": (NOON - timedelta(days=1)).isoformat(),
    "until": (NOON + timedelta(days=1)).isoformat(),
    "silent": True,
    "person": None,
    "door": None,
    "operator": None,
}


class Nothing:
    def post(self, effect):
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A data folder with a log that was signed."""
    data = tmp_path_factory.mktemp("data")
    asyncio.run(woken(data))
    notary = Notary(data)
    notary.take_up()
    notary.sign()
    notary.close()
    return data


async def woken(data):
    core = open_core(data, EMBASSY, Nothing())
    start_up(core)
    core.close()


def wall():
    return datetime.now(UTC)


async def studied(folder, kind, given):
    studies = ChildStudies(folder, wall)
    study = studies.begin(ADA, kind, given)
    return await studies.over(study.id)


def log(*events, seconds=10):
    """These events, so many seconds apart."""
    return [
        Recorded(n, Instant(NOON + timedelta(seconds=seconds * n), seconds * n), "boot", "digest", event)
        for n, event in enumerate(events, 1)
    ]


def test_an_entry_is_proven_from_its_own_bytes_to_what_was_signed(folder):
    study = asyncio.run(studied(folder, StudyKind.ENTRY_PROOF, {"seq": 2}))
    found = study.found
    checkpoint = open_checkpoint(found["note"], parse_verifier_key(found["key"]))
    leaf = hashlib.sha256(b"\0" + base64.b64decode(found["entry"])).digest()
    path = [base64.b64decode(node) for node in found["path"]]
    assert inclusion_holds(leaf, found["index"], found["size"], path, checkpoint.root)
    assert (found["index"], found["size"], study.share) == (1, checkpoint.size, 1.0)
    assert base64.b64decode(found["entry"]).startswith(b"2\n")


def test_an_entry_that_no_checkpoint_counts_is_told_so(folder):
    study = asyncio.run(studied(folder, StudyKind.ENTRY_PROOF, {"seq": 10**6}))
    assert study.found is None
    assert "no checkpoint counts this entry yet" in study.problem


def test_the_root_of_a_size_is_what_a_checkpoint_of_that_size_says(folder):
    checkpoint = study_log.newest_checkpoint(folder, 5)
    size = checkpoint["size"]
    assert base64.b64decode(study_log.root(folder, {"size": size})["root"]) == (
        open_checkpoint(checkpoint["note"], None).root
    )
    with pytest.raises(study_log.WrongQuestion, match="truncated"):
        study_log.root(folder, {"size": size + 1000})


def test_so_many_at_once_and_one_that_is_given_up_is_gone(folder):
    async def crowd():
        studies = ChildStudies(folder, wall)
        begun = [studies.begin(ADA, StudyKind.PROVE, {"toml": BASE}) for _ in range(MOST_AT_ONCE)]
        with pytest.raises(Busy):
            studies.begin(ADA, StudyKind.ROOT, {"size": 1})
        await asyncio.sleep(0.2)
        for study in begun:
            studies.cancel(study.id)
        assert all([await studies.over(study.id) is None for study in begun])
        assert (await studies.over(studies.begin(ADA, StudyKind.CHECKPOINT, {}).id)).found["size"] > 0
        await studies.stop()

    asyncio.run(crowd())


def test_a_child_that_dies_leaves_a_sentence_and_nothing_waits_for_ever(folder):
    study = asyncio.run(studied(folder, StudyKind.ROOT, {}))  # what is asked lacks its size
    assert study.found is None
    assert study.problem == "the study did not end; it was stopped"


def test_a_policy_is_compared_proven_and_tried():
    class Known:
        def site(self, digest):
            from controller.site.loader import parse_site

            assert digest == "d"
            return parse_site(BASE.encode(), "x")

    changed = BASE.replace('start = "07:00"', 'start = "06:30"', 1)
    found = compared(Known(), {"toml": changed, "against": "d"})
    assert (found["errors"], len(found["changes"])) == ([], 1)
    wrong = compared(Known(), {"toml": "[site", "against": "d"})
    assert (wrong["digest"], wrong["changes"]) == (None, [])
    assert wrong["errors"]
    sentence = '\n[[invariant]]\nid = "pin"\nname = "PIN"\nkind = "never_enters"\nzones = ["registry"]\n'
    sentence += 'without = ["pin"]\n'
    totals = []

    def shares(verdicts, total):
        totals.append(total)
        return verdicts

    (holds,) = proven({"toml": BASE + sentence}, shares)["verdicts"]
    assert (holds["id"], holds["broken"], totals) == ("pin", [], [1])
    easier = BASE.replace('factors = ["card", "pin"]', 'factors = ["card"]')
    (broken,) = proven({"toml": easier + sentence}, shares)["verdicts"]
    assert broken["broken"]
    assert what_if([], {"toml": BASE}) == {"decided": 0, "rows": []}
    with pytest.raises(study_log.WrongQuestion):
        what_if([], {"toml": "[site"})


RAISED = ev.AlarmRaised("a1", AlarmKind.FORCED_OPEN, Priority.HIGH, Source(door="gate"), "", persists=False)


def test_an_alarm_is_told_with_who_worked_it_and_how_long_that_took():
    records = log(RAISED, ev.AlarmAcknowledged("a1", "gil"), ev.AlarmClosed("a1", "sue", "sealed"))
    (row,) = study_log.alarms(records, WEEK)["rows"]
    assert (row["where"], row["acknowledged"], row["after"]) == ("gate", "gil", 10)
    assert (row["closed"], row["open"], row["said"]) == ("sue", 20, "sealed")


def test_a_silent_alarm_and_what_was_done_about_it_are_for_those_who_may_see_it():
    records = log(replace(RAISED, silent=True), ev.AlarmAcknowledged("a1", "gil", silent=True))
    blind = {**WEEK, "silent": False}
    assert study_log.alarms(records, blind)["rows"] == study_log.acts(records, blind)["rows"] == []
    assert len(study_log.alarms(records, WEEK)["rows"]) == len(study_log.acts(records, WEEK)["rows"]) == 1


def test_only_what_fell_into_the_time_asked_for():
    records = log(RAISED, replace(RAISED, alarm="a2"), replace(RAISED, alarm="a3"))
    asked = {**WEEK, "since": records[1].at.wall.isoformat(), "until": records[2].at.wall.isoformat()}
    assert [row["time"] for row in study_log.alarms(records, asked)["rows"]] == ["2026-11-21T12:00:20+00:00"]


def test_acts_of_one_operator():
    records = log(ev.AlarmAcknowledged("a1", "gil"), ev.AlarmAcknowledged("a1", "sue"), RAISED)
    rows = study_log.acts(records, {**WEEK, "operator": "sue"})["rows"]
    assert [(row["operator"], row["what"], row["about"]) for row in rows] == [("sue", "alarm_acknowledged", "a1")]


def test_a_report_is_cut_at_its_most_rows_and_says_so(monkeypatch):
    monkeypatch.setattr(study_log, "MOST_ROWS", 1)
    found = study_log.acts(log(ev.AlarmAcknowledged("a1", "gil"), ev.AlarmAcknowledged("a1", "sue")), WEEK)
    assert (len(found["rows"]), found["more"]) == (1, True)


def test_a_study_gives_way_to_the_doors(folder):
    def gives_way():
        own = psutil.Process()
        while GIVES_WAY not in [child.nice() - own.nice() for child in own.children()]:
            time.sleep(0.01)

    async def look():
        studies = ChildStudies(folder, wall)
        studies.begin(ADA, StudyKind.PROVE, {"toml": BASE})
        await asyncio.wait_for(asyncio.to_thread(gives_way), 20)
        await studies.stop()

    asyncio.run(look())
