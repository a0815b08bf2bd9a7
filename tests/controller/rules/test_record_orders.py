"""Orders about people's records: a row per refusal, two people where two are asked for, and what each comes to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from immutables import Map

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.decision import DenyReason
from controller.domain.ids import OUTSIDE, CameraId, CardholderId, CredentialId, DoorId, OperatorId
from controller.domain.operators import EndLockdown, ForgivePassback, Operator, Refusal, Role, StartLockdown
from controller.domain.people import CredentialStatus
from controller.domain.record_orders import (
    AssignAccessLevel,
    DestroyBox,
    EraseCardholder,
    ExportEvidence,
    ExportPeople,
    LiftLegalHold,
    LiftVeil,
    LowerVeil,
    PlaceLegalHold,
    ReadRecords,
    SetCredentialStatus,
    WithdrawAccessLevel,
)
from controller.domain.records import Purpose, RecordScope
from controller.rules.fold import apply
from controller.rules.record_orders import SECOND_PERSON_HOURS, leads_into_exclusion
from tests.controller.builders import (
    ALICE,
    BOB,
    CELLAR,
    CELLAR_CAMERA,
    CHANCERY,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    GIL,
    GUARDS,
    INNER,
    INNER_IN,
    LOBBY,
    LOBBY_CAMERA,
    STAFF,
    SUE,
    VAULT,
    badge_of,
    closes,
    of_kind,
    opens,
    order,
    personal,
    pin,
    quiet_house,
    swipe,
    with_zone,
)

DORA, SVEN, OTTO = OperatorId("dora"), OperatorId("sven"), OperatorId("otto")
LOST = SetCredentialStatus(badge_of(ALICE), CredentialStatus.LOST, "left in a taxi")
GOOD = SetCredentialStatus(badge_of(ALICE), CredentialStatus.ACTIVE, "found again")
ERASE = EraseCardholder(ALICE, "she has left the mission")
HOLD = PlaceLegalHold("court-7", ALICE, "a letter from the court")


def office():
    """The house, with a data-protection officer, two security officers, and Sue who holds Bob's badge."""
    house = quiet_house()
    for operator in (
        Operator(DORA, Role.DATA_PROTECTION_OFFICER),
        Operator(SVEN, Role.SECURITY_OFFICER),
        Operator(OTTO, Role.SECURITY_OFFICER, ALICE),
        Operator(SUE, Role.SUPERVISOR, BOB),
    ):
        house.see(st.OperatorEnrolled("test", operator))
    return house


def nothing(house): ...


def told(*orders):
    def before(house):
        for who, what in orders:
            house.see(order(who, what))

    return before


def walked_in(house):
    house.see(swipe(FRONT_IN, ALICE))
    house.see(opens(FRONT))
    assert house.state.locations[ALICE] == LOBBY


FILM = ReadRecords(RecordScope.RECORDING, Purpose.INVESTIGATION, "AZ-1", camera=LOBBY_CAMERA, recording="c-1")
LIFTED = LiftVeil(LOBBY_CAMERA, 60.0, "a theft")
EVIDENCE = ExportEvidence(Purpose.INVESTIGATION, "AZ-1", ("c-1",), (7,), (LOBBY_CAMERA,), pixelated=True)

ROWS = [
    (Refusal.UNKNOWN_CREDENTIAL, nothing, SUE, SetCredentialStatus(CredentialId("x"), CredentialStatus.LOST, "x")),
    (Refusal.UNKNOWN_ACCESS_LEVEL, nothing, SUE, AssignAccessLevel(ALICE, "nowhere", "x")),
    (Refusal.UNKNOWN_LEGAL_HOLD, nothing, DORA, LiftLegalHold("court-7", "x")),
    (Refusal.ABOUT_YOURSELF, nothing, SUE, AssignAccessLevel(BOB, STAFF, "a rise")),
    (Refusal.ABOUT_YOURSELF, nothing, SUE, SetCredentialStatus(badge_of(BOB), CredentialStatus.LOST, "x")),
    (Refusal.ABOUT_YOURSELF, told((DORA, ERASE)), OTTO, ERASE),
    (Refusal.LEGAL_HOLD, told((DORA, HOLD)), DORA, ERASE),
    (Refusal.LEGAL_HOLD, told((DORA, PlaceLegalHold("all", None, "x"))), DORA, ERASE),
    (Refusal.STILL_INSIDE, walked_in, DORA, ERASE),
    (Refusal.CASE_NEEDED, nothing, SVEN, ReadRecords(RecordScope.PERSON, Purpose.INVESTIGATION, "", ALICE)),
    (Refusal.CASE_NEEDED, nothing, SVEN, ReadRecords(RecordScope.PERSON, Purpose.INVESTIGATION, "a b", ALICE)),
    (Refusal.CASE_NEEDED, nothing, SVEN, ReadRecords(RecordScope.PEOPLE, Purpose.AUDIT, "Jane Roe, 7 a")),
    (Refusal.CASE_NEEDED, nothing, DORA, PlaceLegalHold("Jane Roe", ALICE, "x")),
    (Refusal.CASE_NEEDED, nothing, DORA, ExportPeople(Purpose.SUBJECT_REQUEST)),
    (Refusal.NOT_YOUR_ROLE, nothing, SVEN, ERASE),
    (Refusal.NOT_YOUR_ROLE, nothing, SUE, ERASE),
    (Refusal.NOT_YOUR_ROLE, told((GIL, LOST)), GIL, GOOD),
    (Refusal.NOT_YOUR_ROLE, nothing, GIL, ReadRecords(RecordScope.PEOPLE, Purpose.ADMINISTRATION)),
    (Refusal.NOT_YOUR_ROLE, nothing, DORA, DestroyBox("x")),
    (Refusal.UNKNOWN_CARDHOLDER, nothing, DORA, EraseCardholder(CardholderId("x"), "x")),
    (Refusal.UNKNOWN_CARDHOLDER, nothing, DORA, PlaceLegalHold("court-7", CardholderId("x"), "x")),
    (Refusal.UNKNOWN_CARDHOLDER, nothing, SUE, WithdrawAccessLevel(CardholderId("x"), STAFF, "x")),
    (Refusal.UNKNOWN_CARDHOLDER, nothing, SVEN, ReadRecords(RecordScope.HISTORY, Purpose.AUDIT)),
    (Refusal.UNKNOWN_DOOR, nothing, SVEN, ReadRecords(RecordScope.DOOR, Purpose.AUDIT)),
    (Refusal.NOT_YOUR_ROLE, nothing, GIL, ReadRecords(RecordScope.REPORT, Purpose.INVESTIGATION, "1", report="acts")),
    (
        Refusal.UNKNOWN_CARDHOLDER,
        nothing,
        SVEN,
        ReadRecords(RecordScope.REPORT, Purpose.AUDIT, cardholder=CardholderId("x")),
    ),
    (Refusal.UNKNOWN_DOOR, nothing, SVEN, ReadRecords(RecordScope.REPORT, Purpose.AUDIT, door=DoorId("x"))),
    (Refusal.UNKNOWN_CAMERA, nothing, SVEN, ReadRecords(RecordScope.RECORDING, Purpose.AUDIT)),
    (Refusal.UNKNOWN_CAMERA, nothing, SVEN, replace(FILM, camera=CameraId("x"))),
    (Refusal.NOT_YOUR_ROLE, nothing, GIL, replace(FILM, purpose=Purpose.EMERGENCY, camera=LOBBY_CAMERA)),
    (Refusal.NOT_YOUR_ROLE, nothing, GIL, LowerVeil(LOBBY_CAMERA)),
    (Refusal.CASE_NEEDED, nothing, SVEN, replace(FILM, case="")),
    (Refusal.UNKNOWN_CAMERA, nothing, SVEN, LiftVeil(CameraId("x"), 60.0, "x")),
    (Refusal.ALREADY_SO, nothing, SVEN, LiftVeil(CELLAR_CAMERA, 60.0, "x")),
    (Refusal.UNTIL_NOT_ALLOWED, nothing, SVEN, LiftVeil(LOBBY_CAMERA, 0.999, "x")),
    (Refusal.UNTIL_NOT_ALLOWED, nothing, SVEN, LiftVeil(LOBBY_CAMERA, 3600.001, "x")),
    (Refusal.REASON_NEEDED, nothing, SVEN, LiftVeil(LOBBY_CAMERA, 3600.0, " ")),
    (Refusal.SECOND_PERSON_NEEDED, told((SVEN, LIFTED)), SVEN, LIFTED),
    (Refusal.ALREADY_SO, nothing, SVEN, LowerVeil(LOBBY_CAMERA)),
    (Refusal.UNKNOWN_CAMERA, nothing, SVEN, LowerVeil(CameraId("x"))),
    (Refusal.UNKNOWN_CAMERA, nothing, SVEN, replace(EVIDENCE, cameras=(LOBBY_CAMERA, CameraId("x")))),
    (Refusal.NOT_YOUR_ROLE, nothing, DORA, replace(EVIDENCE, cameras=(CELLAR_CAMERA, LOBBY_CAMERA))),
    (Refusal.CASE_NEEDED, nothing, SVEN, replace(EVIDENCE, case="")),
    (Refusal.SECOND_PERSON_NEEDED, told((SVEN, EVIDENCE)), SVEN, EVIDENCE),
    (Refusal.ALREADY_SO, nothing, SUE, GOOD),
    (Refusal.ALREADY_SO, nothing, SUE, AssignAccessLevel(ALICE, STAFF, "x")),
    (Refusal.ALREADY_SO, nothing, SUE, WithdrawAccessLevel(ALICE, GUARDS, "x")),
    (Refusal.ALREADY_SO, told((DORA, HOLD)), DORA, HOLD),
    (Refusal.REASON_NEEDED, nothing, SUE, replace(LOST, reason=" ")),
    (Refusal.REASON_NEEDED, nothing, SUE, AssignAccessLevel(ALICE, GUARDS, "")),
    (Refusal.REASON_NEEDED, nothing, DORA, replace(ERASE, reason="")),
    (Refusal.REASON_NEEDED, nothing, DORA, replace(HOLD, reason="")),
    (Refusal.REASON_NEEDED, nothing, SUE, DestroyBox("")),
    (Refusal.SECOND_PERSON_NEEDED, told((DORA, ERASE)), DORA, ERASE),
    (Refusal.SECOND_PERSON_NEEDED, told((SUE, DestroyBox("x"))), SUE, DestroyBox("y")),
]


@pytest.mark.parametrize(("refusal", "before", "who", "what"), ROWS)
def test_a_refused_order_is_a_fact_and_changes_nothing(refusal, before, who, what):
    house = office()
    before(house)
    state = house.state
    (event,) = house.see(order(who, what)).events
    assert (type(event), event.operator, event.why) == (ev.OrderRefused, who, refusal)
    assert (house.state.people, house.state.credentials, house.state.holds) == (
        state.people,
        state.credentials,
        state.holds,
    )


SHOWN = [{"pixelated": one, "masked": other} for one in (True, False) for other in (True, False)]
PAIRS = [
    (replace(LIFTED, seconds=1.0), SUE, SVEN, ev.VeilLifted),
    (replace(LIFTED, seconds=3600.0), SUE, SVEN, ev.VeilLifted),
    (ERASE, DORA, SVEN, ev.CardholderErased),
    (ExportPeople(Purpose.SUBJECT_REQUEST, "dsr-3"), DORA, SVEN, ev.PeopleExported),
    (DestroyBox("given up"), SUE, SVEN, ev.DestructionOrdered),
    (LIFTED, SUE, SVEN, ev.VeilLifted),
    (EVIDENCE, SUE, SVEN, ev.EvidenceExported),
    (replace(EVIDENCE, masked=True), SUE, SVEN, ev.EvidenceExported),
]


@pytest.mark.parametrize(
    ("asked_for", "agreed_to"),
    [(shown, other) for shown in SHOWN for other in SHOWN if shown != other],
)
def test_who_asked_for_evidence_in_clear_has_not_asked_for_it_masked_or_pixelated(asked_for, agreed_to):
    house = office()
    house.see(order(SUE, replace(EVIDENCE, **asked_for)))
    (asked,) = house.see(order(SVEN, replace(EVIDENCE, **agreed_to))).events
    assert isinstance(asked, ev.SecondPersonAsked)
    (done,) = house.see(order(SVEN, replace(EVIDENCE, **asked_for))).events
    assert (done.pixelated, done.masked) == (asked_for["pixelated"], asked_for["masked"])
    assert [subject for _, subject in house.state.asked] == [asked.subject]


@pytest.mark.parametrize(("what", "first", "second", "kind"), PAIRS)
def test_what_takes_two_is_done_by_two(what, first, second, kind):
    house = office()
    (asked,) = house.see(order(first, what)).events
    assert isinstance(asked, ev.SecondPersonAsked)
    (done,) = house.see(order(second, what)).events
    assert isinstance(done, kind)
    assert (done.operator, done.second) == (first, second)
    assert not house.state.asked


@pytest.mark.parametrize(("what", "first", "second", "kind"), PAIRS)
def test_the_first_waits_over_a_weekend_and_not_longer(what, first, second, kind):
    house = office()
    house.see(order(first, what))
    house.wait(SECOND_PERSON_HOURS * 3600 + 1)
    events = house.see(order(second, what)).events
    assert not of_kind(kind, events)


def test_a_request_for_one_person_is_no_request_for_another():
    house = office()
    house.see(order(DORA, ERASE))
    house.see(order(DORA, EraseCardholder(BOB, "x")))
    house.see(order(SVEN, EraseCardholder(BOB, "x")))
    assert ALICE in house.state.people
    assert BOB not in house.state.people


def test_who_may_be_anywhere_and_was_never_seen_is_erased_as_anybody():
    house = office()
    house.see(order(SUE, ForgivePassback(ALICE, "let in by hand")))
    assert ALICE in house.state.locations
    assert ALICE not in house.state.sightings
    for who in (DORA, SVEN):
        house.see(order(who, ERASE))
    assert ALICE not in house.state.people
    assert ALICE not in house.state.locations


def test_who_lost_the_right_meanwhile_is_no_first():
    house = office()
    house.see(order(DORA, ERASE))
    house.see(st.OperatorEnrolled("test", Operator(DORA, Role.AUDITOR)))
    (event,) = house.see(order(SVEN, ERASE)).events
    assert event.why is Refusal.NOT_YOUR_ROLE


def test_an_erased_persons_badge_is_nobodys():
    house = office()
    house.see(order(DORA, ERASE))
    house.see(order(SVEN, ERASE))
    (denied,) = of_kind(ev.AccessDenied, house.see(swipe(FRONT_IN, ALICE)).events)
    assert denied.reasons[0] is DenyReason.UNKNOWN_CREDENTIAL
    assert ALICE not in house.state.people
    assert ALICE not in house.state.locations


@pytest.mark.parametrize("unseen", [False, True])
def test_an_erased_person_is_counted_nowhere(unseen):
    """Neither among those who are outside nor among those who were last seen there and may be anywhere."""
    house = office()
    for stimulus in (swipe(FRONT_OUT, ALICE), opens(FRONT), closes(FRONT)):
        house.see(stimulus)
    if unseen:
        house.see(order(SVEN, ForgivePassback(ALICE, "x")))
    counted = house.state.lost if unseen else house.state.present
    assert ALICE in counted[OUTSIDE]
    house.see(order(DORA, ERASE))
    house.see(order(SVEN, ERASE))
    assert (house.state.present, house.state.lost, house.state.headcount) == (Map(), Map(), Map())


def test_of_an_erased_person_nothing_is_left_at_the_readers():
    """Their face, their own PIN, a search they walked away from, and a challenge that waits for their PIN."""
    house = office()
    house.site = with_zone(house.site, LOBBY, random_search_percent=100.0)
    house.see(personal(ALICE))
    house.see(swipe(FRONT_IN, ALICE))
    house.see(swipe(INNER_IN, ALICE))
    assert {ALICE} <= {*house.state.faces} & {*house.state.to_search}
    house.see(order(DORA, ERASE))
    house.see(order(SVEN, ERASE))
    assert not {ALICE} & {*house.state.faces, *house.state.to_search}
    assert not {badge_of(ALICE), "pin-alice"} & {*house.state.tokens.values()}
    (denied,) = of_kind(ev.AccessDenied, house.see(pin(INNER_IN, ALICE)).events)
    assert denied.reasons == (DenyReason.UNKNOWN_CREDENTIAL,)


def test_a_hold_is_lifted_by_two_and_then_the_record_may_go():
    house = office()
    house.see(order(DORA, HOLD))
    lift = LiftLegalHold("court-7", "closed")
    house.see(order(DORA, lift))
    assert house.state.holds
    house.see(order(SVEN, lift))
    assert not house.state.holds
    (asked,) = house.see(order(DORA, ERASE)).events
    assert isinstance(asked, ev.SecondPersonAsked)


def test_a_lost_badge_opens_nothing_until_it_is_good_again():
    house = office()
    house.see(order(GIL, LOST))
    (denied,) = of_kind(ev.AccessDenied, house.see(swipe(FRONT_IN, ALICE)).events)
    assert DenyReason.CREDENTIAL_LOST in denied.reasons
    house.see(order(SUE, GOOD))
    assert of_kind(ev.AccessGranted, house.see(swipe(FRONT_IN, ALICE)).events)


def test_a_level_is_taken_and_given():
    house = office()
    house.see(order(SUE, WithdrawAccessLevel(ALICE, STAFF, "on leave")))
    (denied,) = of_kind(ev.AccessDenied, house.see(swipe(FRONT_IN, ALICE)).events)
    assert DenyReason.NO_ACCESS_RIGHT in denied.reasons
    house.see(order(SUE, AssignAccessLevel(ALICE, STAFF, "back")))
    assert of_kind(ev.AccessGranted, house.see(swipe(FRONT_IN, ALICE)).events)


def test_reading_is_a_fact_with_its_purpose():
    house = office()
    (event,) = house.see(order(SVEN, ReadRecords(RecordScope.HISTORY, Purpose.INVESTIGATION, "2026/17", ALICE))).events
    assert event == ev.RecordRead(SVEN, RecordScope.HISTORY, Purpose.INVESTIGATION, "2026/17", ALICE, None)


def test_a_report_is_recorded_by_its_name_and_is_not_for_a_guard_but_for_whoever_supervises():
    house = office()
    (event,) = house.see(order(SUE, ReadRecords(RecordScope.REPORT, Purpose.ADMINISTRATION, report="unused"))).events
    assert event == ev.RecordRead(SUE, RecordScope.REPORT, Purpose.ADMINISTRATION, "", None, None, None, "", "unused")


def test_a_restored_backup_erases_again_who_was_erased_after_it():
    house = office()
    event = ev.BackupRestored("root", house.now.wall, 7, (ALICE,), "", ())
    state = apply(house.state, event, house.now)
    assert ALICE not in state.people
    assert BOB in state.people


def test_one_human_being_with_two_names_is_not_two_people():
    house = office()
    for name in ("otto-1", "otto-2"):
        house.see(st.OperatorEnrolled("test", Operator(name, Role.SECURITY_OFFICER, BOB)))
    destroy = DestroyBox("they are at the gate")
    assert not of_kind(ev.OrderRefused, house.see(order("otto-1", destroy)).events)
    (refused,) = house.see(order("otto-2", destroy)).events
    assert refused.why is Refusal.SECOND_PERSON_NEEDED
    (done,) = house.see(order(SVEN, destroy)).events
    assert (done.operator, done.second) == ("otto-1", SVEN)


def test_two_names_end_no_lockdown_either():
    house = office()
    for name in ("gil-1", "gil-2"):
        house.see(st.OperatorEnrolled("test", Operator(name, Role.GUARD, BOB)))
    house.see(order("gil-1", StartLockdown("shots")))
    house.see(order("gil-1", EndLockdown()))
    house.see(order("gil-2", EndLockdown()))
    assert house.state.lockdown is not None
    house.see(order(GIL, EndLockdown()))
    assert house.state.lockdown is None


def test_nobody_helps_to_lift_what_keeps_their_own_record():
    house = office()
    house.see(order(DORA, HOLD))
    (refused,) = house.see(order(OTTO, LiftLegalHold("court-7", "closed"))).events  # Otto is Alice
    assert refused.why is Refusal.ABOUT_YOURSELF


def test_a_film_is_seen_by_those_whom_its_camera_names_and_for_a_purpose():
    house = office()
    (event,) = house.see(order(SVEN, FILM)).events
    assert event == ev.RecordRead(
        SVEN, RecordScope.RECORDING, Purpose.INVESTIGATION, "AZ-1", None, None, LOBBY_CAMERA, "c-1"
    )
    (event,) = house.see(order(GIL, replace(FILM, camera=CELLAR_CAMERA))).events
    assert isinstance(event, ev.RecordRead)  # its sheet names nobody: a guard may


def test_a_veil_is_lifted_by_two_for_a_time_and_hangs_again_after_a_start():
    house = office()
    house.see(order(SUE, LIFTED))
    assert not house.state.veils
    house.see(order(SVEN, LIFTED))
    assert house.state.veils[LOBBY_CAMERA] == house.now.mono + 60.0
    house.wait(60.0)
    (event,) = house.see(order(SVEN, LowerVeil(LOBBY_CAMERA))).events
    assert event.why is Refusal.ALREADY_SO  # it hangs again by itself
    house.see(order(SUE, LIFTED))
    house.see(order(SVEN, LIFTED))
    (event,) = house.see(order(SVEN, LowerVeil(LOBBY_CAMERA))).events
    assert event == ev.VeilLowered(SVEN, LOBBY_CAMERA)
    assert not house.state.veils
    house.see(order(SUE, LIFTED))
    house.see(order(SVEN, LIFTED))
    house.see(st.BoxStartedUp("0.1.0", house.site.digest, ""))
    assert not house.state.veils


def test_an_agreement_is_to_just_these_recordings():
    house = office()
    house.see(order(SUE, EVIDENCE))
    for other in (
        replace(EVIDENCE, recordings=("c-1", "c-2")),
        replace(EVIDENCE, records=(7, 8)),
        replace(EVIDENCE, pixelated=False),
        replace(EVIDENCE, case="AZ-2"),
    ):
        (event,) = house.see(order(SVEN, other)).events
        assert isinstance(event, ev.SecondPersonAsked)


EXCLUSION = AssignAccessLevel(ALICE, GUARDS, "stands in for Bob")


def test_a_right_to_an_exclusion_zone_is_given_by_two_and_taken_by_one():
    house = office()
    assert VAULT in house.site.access_levels[GUARDS].zones
    house.see(order(SVEN, EXCLUSION))
    assert house.state.people[ALICE].levels == frozenset({STAFF})
    assert refused(house, SVEN, EXCLUSION) is Refusal.SECOND_PERSON_NEEDED
    house.see(order(SUE, EXCLUSION))
    assert house.events[-1] == ev.AccessLevelAssigned(SVEN, ALICE, GUARDS, "stands in for Bob", SUE)
    assert GUARDS in house.state.people[ALICE].levels
    assert len(house.state.asked) == 0
    house.see(order(SVEN, WithdrawAccessLevel(ALICE, GUARDS, "Bob is back")))
    assert house.state.people[ALICE].levels == frozenset({STAFF})


def test_a_right_to_a_door_of_an_exclusion_zone_is_one_to_the_zone():
    site = office().site
    bare = replace(site.access_levels[GUARDS], zones=frozenset(), doors=frozenset())
    for level, leads in (
        (bare, False),
        (replace(bare, doors=frozenset({CELLAR})), True),
        (replace(bare, doors=frozenset({INNER})), False),
        (replace(bare, zones=frozenset({VAULT})), True),
        (replace(bare, zones=frozenset({LOBBY, CHANCERY})), False),
    ):
        changed = replace(site, access_levels={**site.access_levels, GUARDS: level})
        assert leads_into_exclusion(changed, GUARDS) is leads
    assert not leads_into_exclusion(site, "no such level")


def refused(house, who, what):
    return next((e.why for e in house.see(order(who, what)).events if isinstance(e, ev.OrderRefused)), None)
