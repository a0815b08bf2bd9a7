"""Old personal data goes by itself, on the day and not before, never under a hold and never on a clock that jumped."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.cli import Nobody
from controller.core import open_core, start_up
from controller.domain import stimuli as st
from controller.domain.events import LegalHoldPlaced, RetentionApplied
from controller.domain.instant import Instant
from controller.domain.operators import Operator, Role
from controller.domain.people import Cardholder, CardholderKind, Credential, CredentialStatus
from controller.domain.record_orders import PlaceLegalHold
from controller.domain.records import LegalHold, RetentionClass
from controller.domain.site import Assurance
from controller.domain.state import SiteState
from controller.retention import Retention, due
from controller.rules.fold import apply
from controller.site.errors import SiteErrors
from controller.site.loader import parse_site
from controller.store.vault import text_subject

CONFIG = Path(__file__).parents[2] / "tests" / "embassy" / "embassy.toml"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AT = Instant(NOW, 5.0)


def days_ago(number):
    return NOW - timedelta(days=number)


def person(who, kind, until):
    badge = Credential(f"{who}-badge", who, f"token-{who}", None, Assurance.PKI, CredentialStatus.ACTIVE, None, until)
    return [st.PersonEnrolled("t", Cardholder(who, kind, 0, frozenset()), "sealed"), st.BadgeEnrolled("t", badge)]


def state_with(*people, hold=None):
    state = SiteState()
    for enrolled, badge in people:
        people_map = state.people.set(enrolled.cardholder.id, enrolled.cardholder)
        state = replace(state, people=people_map)
        state = replace(state, credentials=state.credentials.set(badge.credential.id, badge.credential))
    return apply(state, LegalHoldPlaced("dora", "h", hold, "x"), AT) if hold is not None else state


VISITOR, STAFF = CardholderKind.VISITOR, CardholderKind.STAFF
ROWS = [
    (RetentionClass.VISITORS, person("v", VISITOR, days_ago(31)), True),
    (RetentionClass.VISITORS, person("v", VISITOR, days_ago(29)), False),
    (RetentionClass.VISITORS, person("v", VISITOR, None), False),
    (RetentionClass.VISITORS, person("s", STAFF, days_ago(31)), False),
    (RetentionClass.EVENTS, person("s", STAFF, days_ago(31)), True),
    (RetentionClass.EVENTS, person("s", STAFF, days_ago(29)), False),
]


@pytest.mark.parametrize(("kind", "someone", "goes"), ROWS)
def test_a_person_goes_when_their_last_badge_is_past_its_time(tmp_path, kind, someone, goes):
    who = someone[0].cardholder.id
    found = due({kind: 30}, state_with(someone), [who], {}, NOW)
    assert [set(each.keys) for each in found] == ([{who}] if goes else [])


@pytest.mark.parametrize(("ago", "goes"), [(31, True), (29, False)])
def test_a_guest_goes_after_their_time(tmp_path, ago, goes):
    found = due({RetentionClass.VISITORS: 30}, SiteState(), ["g-1"], {"g-1": days_ago(ago)}, NOW)
    assert [set(each.keys) for each in found] == ([{"g-1"}] if goes else [])


@pytest.mark.parametrize("kind", [RetentionClass.AUDIT, RetentionClass.ALARMS])
def test_what_was_typed_goes_by_kind_and_day(tmp_path, kind):
    subjects = [text_subject(word, days_ago(n).date()) for word in ("audit", "alarms") for n in (29, 30, 31)]
    (found,) = due({kind: 30}, SiteState(), subjects, {}, NOW)
    assert found.keys == {text_subject(kind.value, days_ago(31).date())}


def test_recordings_are_left_to_their_own_keeper():
    kinds = dict.fromkeys((RetentionClass.CLIPS, RetentionClass.SNAPSHOTS, RetentionClass.CONTINUOUS), 7)
    subjects = [f"rec-{kind}-cam-gate-2020-01-01" for kind in kinds]
    assert due(kinds, SiteState(), subjects, {}, NOW) == []


@pytest.mark.parametrize(("hold", "kept"), [("v", 1), ("somebody else", 0)])
def test_a_hold_on_one_keeps_theirs(tmp_path, hold, kept):
    state = state_with(person("v", VISITOR, days_ago(99)), hold=hold)
    (found,) = due({RetentionClass.VISITORS: 30}, state, ["v"], {}, NOW)
    assert (len(found.keys), found.held) == (1 - kept, kept)


def test_a_hold_on_everybody_keeps_everything(tmp_path):
    state = replace(SiteState(), holds=SiteState().holds.set("h", LegalHold("h", None)))
    subject = text_subject("audit", days_ago(99).date())
    (found,) = due({RetentionClass.AUDIT: 30}, state, [subject], {}, NOW)
    assert (found.keys, found.held) == (frozenset(), 1)


TIMES = CONFIG.read_text(encoding="utf-8") + "\n[retention]\naudit = 30\nvisitors = 7\n"


def test_a_site_says_how_long_and_is_held_to_its_words():
    assert parse_site(TIMES.encode(), "s").retention == {RetentionClass.AUDIT: 30, RetentionClass.VISITORS: 7}
    with pytest.raises(SiteErrors, match="visitor"):
        parse_site(TIMES.replace("visitors", "visitor").encode(), "s")
    with pytest.raises(SiteErrors, match="0"):
        parse_site(TIMES.replace("= 30", "= 0").encode(), "s")


class Clock:
    def __init__(self):
        self.at = Instant(NOW, 5.0)

    def now(self):
        return self.at

    def mono(self):
        return self.at.mono


@pytest.mark.anyio
async def test_it_is_applied_recorded_first_and_never_on_a_distrusted_clock(tmp_path):
    site, clock = tmp_path / "site.toml", Clock()
    site.write_text(TIMES, encoding="utf-8")
    core = open_core(tmp_path / "data", site, Nobody(), clock)
    start_up(core)
    core.runtime.handle(st.OperatorEnrolled("t", Operator("dora", Role.DATA_PROTECTION_OFFICER)))
    old = core.vault.seal_text("audit", days_ago(40).date(), "an old reason")
    new = core.vault.seal_text("audit", days_ago(1).date(), "a new reason")
    core.vault.keep_new()
    clock.at = Instant(NOW + timedelta(days=365), 6.0)  # the clock jumps a year ahead
    core.runtime.handle(st.TimePassed())
    assert await Retention(core).apply() == []
    assert core.vault.text(new) == "a new reason"
    core.close()

    clock.at = Instant(NOW, 5.0)
    core = open_core(tmp_path / "again", site, Nobody(), clock)
    start_up(core)
    core.runtime.handle(st.OperatorEnrolled("t", Operator("dora", Role.DATA_PROTECTION_OFFICER)))
    old = core.vault.seal_text("audit", days_ago(40).date(), "an old reason")
    new = core.vault.seal_text("audit", days_ago(1).date(), "a new reason")
    core.vault.keep_new()
    core.runtime.handle(st.Ordered("dora", PlaceLegalHold("all", None, "x")))
    assert await Retention(core).apply() == []
    core.runtime.state = replace(core.runtime.state, holds=core.runtime.state.holds.delete("all"))
    (applied,) = await Retention(core).apply()
    assert (applied.retention, applied.days, applied.destroyed) == (RetentionClass.AUDIT, 30, 1)
    assert "old reason" not in core.vault.text(old)
    assert core.vault.text(new) == "a new reason"
    assert isinstance(core.runtime.read(before=None, limit=1)[0].event, RetentionApplied)
    assert await Retention(core).apply() == []
    core.close()
