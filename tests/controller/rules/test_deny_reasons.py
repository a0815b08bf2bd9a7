"""One row per reason: each refuses alone, on the boundary, and one step aside from it nobody is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.area_orders import ArmArea
from controller.domain.decision import (
    AccessRequest,
    Challenge,
    Check,
    Decision,
    Deny,
    DenyReason,
    FaceOutcome,
    Grant,
)
from controller.domain.ids import OUTSIDE, CardholderId, CompetencyId, CredentialId, ReaderId, RequestId, ZoneId
from controller.domain.instant import Instant
from controller.domain.operators import BlockDoor, RefusePassage, SetThreatLevel, StartLockdown
from controller.domain.people import CredentialStatus, HeldCompetency
from controller.domain.points import AtDoors, PointCondition
from controller.domain.site import AntiPassback, Assurance, EscortOrder, EscortRule, Factor, FirstPerson
from controller.domain.state import SiteState
from controller.domain.visit_orders import ApproveVisit, RegisterVisitor, SignInVisitor
from controller.rules import decide as decide_module
from controller.rules.case import Case, Finding
from controller.rules.decide import CHECKS, decide
from tests.controller.builders import (
    ALICE,
    BERLIN,
    BOB,
    CELLAR_IN,
    EVE,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    GIL,
    GLASS,
    GUARDS,
    INNER,
    INNER_IN,
    INNER_OUT,
    LOBBY,
    MONDAY_TEN,
    NORA,
    PEOPLE,
    PIR,
    ROOM,
    STAFF,
    SUE,
    House,
    badge,
    closes,
    opens,
    order,
    pin,
    point,
    quiet_house,
    small_site,
    strange_card,
    swipe,
    with_area,
    with_mantrap,
    with_zone,
    wrong_pin,
)

Row = Callable[[House], Decision]
NONE: frozenset[Factor] = frozenset()
R = DenyReason


def ask(
    house: House, reader: ReaderId = FRONT_IN, who: CardholderId = ALICE, presented: frozenset[Factor] | None = None
) -> Decision:
    factors = frozenset({Factor.CARD}) if presented is None else presented
    return house.decide(AccessRequest(RequestId("r99"), reader, badge(who).id, factors))


def _enrolled(**changes: object) -> Row:
    def row(house: House) -> Decision:
        house.see(st.BadgeEnrolled("test", replace(badge(ALICE), **changes)))  # type: ignore[arg-type]
        return ask(house)

    return row


def _armed_area(house: House) -> Decision:
    """The exit delay has just begun; before that the area says nothing."""
    house.site = with_area(house.site, zones=frozenset({LOBBY}), at_doors=AtDoors.REFUSES)
    assert isinstance(ask(house), Grant)
    for each in (PIR, GLASS):
        house.see(point(each, PointCondition.NORMAL))
    house.see(order(GIL, ArmArea(ROOM)))
    return ask(house)


def _status(status: CredentialStatus) -> Row:
    return _enrolled(status=status)


def _at(wall: datetime, who: CardholderId = ALICE) -> Row:
    def row(house: House) -> Decision:
        house.travel(wall)
        return ask(house, who=who)

    return row


def _ordered(what: BlockDoor | SetThreatLevel | StartLockdown) -> Row:
    def row(house: House) -> Decision:
        house.see(order(SUE, what))
        return ask(house)

    return row


def _clearance(house: House) -> Decision:
    house.see(order(SUE, SetThreatLevel(1, "a threat")))
    return ask(house, INNER_IN, ALICE)


def _threat_locks(house: House) -> Decision:
    house.see(order(SUE, SetThreatLevel(2, "a threat")))
    return ask(house, INNER_IN, BOB)


def _grant_elsewhere(house: House) -> Decision:
    house.see(swipe(FRONT_IN, ALICE))
    return ask(house, INNER_OUT, ALICE)


def _passback(rule: AntiPassback, seconds: float = 0.0, reader: ReaderId = FRONT_IN) -> Row:
    """Alice went in, and her badge is shown outside again."""

    def row(house: House) -> Decision:
        for zone in (LOBBY, OUTSIDE):
            house.site = with_zone(house.site, zone, anti_passback=rule, anti_passback_seconds=60.0)
        for stimulus in (swipe(FRONT_IN, ALICE), opens(FRONT), closes(FRONT)):
            house.see(stimulus)
        house.wait(seconds)
        return ask(house, reader)

    return row


def _doubted_passback(house: House) -> Decision:
    _passback(AntiPassback.HARD)(house)
    house.see(st.RexSeen(FRONT))
    house.see(opens(FRONT))
    return ask(house)


FIRST_AID, DRIVING = CompetencyId("first-aid"), CompetencyId("driving")


def _trained(*held: HeldCompetency, needs: tuple[CompetencyId, ...] = (FIRST_AID,), reader: ReaderId = FRONT_IN) -> Row:
    """The lobby, and the street, take competencies; Alice holds these, twenty seconds after ten."""

    def row(house: House) -> Decision:
        for zone in (LOBBY, OUTSIDE):
            house.site = with_zone(house.site, zone, competencies=frozenset(needs))
        house.see(st.PersonEnrolled("test", replace(PEOPLE[ALICE], competencies=held), "sealed"))
        return ask(house, reader)

    return row


def _set_back(house: House) -> Decision:
    """The lobby takes first aid, Alice's ended a minute ago, and somebody sets the clock back."""
    _trained(HeldCompetency(FIRST_AID, MONDAY_TEN + timedelta(minutes=1)))(house)
    house.wait(60.0)
    house.see(st.RexSeen(FRONT))  # any record fixes the hour
    house.now = Instant(house.now.wall - timedelta(seconds=59), house.now.mono)
    return ask(house)


def _full(limit: int, *before: st.Stimulus, reader: ReaderId = FRONT_IN, zone: ZoneId = LOBBY) -> Row:
    """Bob went in, and is the only one unless something happened since."""

    def row(house: House) -> Decision:
        house.site = with_zone(house.site, zone, occupancy_limit=limit)
        for stimulus in (swipe(FRONT_IN, BOB), opens(FRONT), closes(FRONT), *before):
            house.see(stimulus)
        return ask(house, reader)

    return row


def _mantrap(*before: st.Stimulus, after: float = 0.0) -> Row:
    def row(house: House) -> Decision:
        house.site = with_mantrap(house.site)
        for stimulus in before:
            house.see(stimulus)
        house.see_late(st.Nothing(), after)
        return ask(house)

    return row


def _wrong_pin(house: House) -> Decision:
    house.see(swipe(INNER_IN, ALICE))
    return _decision(house, wrong_pin(INNER_IN))


def _third_wrong_pin_and_again(house: House) -> Decision:
    for _ in range(3):
        house.see(swipe(INNER_IN, ALICE))
        house.see(wrong_pin(INNER_IN))
    return ask(house, INNER_IN)


def _faced(outcome: FaceOutcome) -> Row:
    def row(house: House) -> Decision:
        house.see(swipe(CELLAR_IN, BOB))
        return _last(house.face(outcome).events)

    return row


def _guard_refused(house: House) -> Decision:
    house.site = with_zone(house.site, LOBBY, factors=frozenset({Factor.CARD, Factor.GUARD}))
    house.see(swipe(FRONT_IN, ALICE))
    return _decision(house, order(GIL, RefusePassage(RequestId("r1"), "not her")))


def _no_factor(house: House) -> Decision:
    house.see(swipe(INNER_IN, ALICE))
    return _last(house.wait(10.0))


def _clock(house: House) -> Decision:
    house.set_wall(MONDAY_TEN - timedelta(minutes=10))
    house.see(st.TimePassed())
    return ask(house)


def _log_late(house: House) -> Decision:
    house.see(st.LogLateSeen((), "slow disk"))
    return ask(house)


def _nobody_first(house: House) -> Decision:
    house.site = with_zone(house.site, LOBBY, first_person=FirstPerson(frozenset({GUARDS}), 0))
    return ask(house)


def _nobody_second(house: House) -> Decision:
    house.site = with_zone(house.site, LOBBY, two_person=True)
    house.see(swipe(FRONT_IN, ALICE))
    return _last(house.wait(10.0))


def _escorts(house: House, order: EscortOrder) -> None:
    house.site = with_zone(house.site, LOBBY, escort=EscortRule(order, 30.0, None, 60.0))
    house.see(st.PersonEnrolled("test", replace(PEOPLE[EVE], levels=PEOPLE[BOB].levels), "sealed"))
    house.see(st.PersonEnrolled("test", replace(PEOPLE[BOB], may_escort=True), "sealed"))


def _no_escort(house: House) -> Decision:
    _escorts(house, EscortOrder.ESCORT_FIRST)
    return ask(house, who=EVE)


def _escort_gone_on(house: House) -> Decision:
    _escorts(house, EscortOrder.EITHER)
    for stimulus in (swipe(FRONT_IN, BOB), opens(FRONT), closes(FRONT), swipe(INNER_IN, BOB), pin(INNER_IN, BOB)):
        house.see(stimulus)
    house.see(opens(INNER))
    return ask(house, who=EVE)


def _visiting(*, signed_in: bool = False) -> Row:
    """A visitor was registered, and is signed in at the desk or not."""

    def row(house: House) -> Decision:
        until = MONDAY_TEN + timedelta(hours=1)
        house.see(registering(house, until))
        badge_now = replace(badge(EVE), cardholder=GUEST, status=CredentialStatus.RETURNED)
        house.see(st.BadgeEnrolled("test", badge(EVE, status=CredentialStatus.RETURNED)))
        if signed_in:
            house.see(order(SUE, SignInVisitor(GUEST, badge_now.id)))
        else:
            house.see(order(SUE, ApproveVisit(GUEST)))
            house.see(st.BadgeEnrolled("test", replace(badge_now, status=CredentialStatus.ACTIVE)))
        return ask(house, who=EVE)

    return row


GUEST = CardholderId("g-1")


def registering(house: House, until: datetime) -> st.Stimulus:
    levels = {lv: replace(level, for_visitors=True) for lv, level in house.site.access_levels.items()}
    house.site = replace(house.site, access_levels=levels)
    return order(SUE, RegisterVisitor(GUEST, ALICE, None, MONDAY_TEN, until, PEOPLE[ALICE].levels))


ROWS: Mapping[DenyReason, Row] = {
    R.UNKNOWN_READER: lambda house: ask(house, ReaderId("nowhere")),
    R.UNKNOWN_CREDENTIAL: lambda house: _decision(house, strange_card(FRONT_IN)),
    R.CREDENTIAL_SUSPENDED: _status(CredentialStatus.SUSPENDED),
    R.CREDENTIAL_LOST: _status(CredentialStatus.LOST),
    R.CREDENTIAL_STOLEN: _status(CredentialStatus.STOLEN),
    R.CREDENTIAL_EXPIRED: _enrolled(valid_until=MONDAY_TEN + timedelta(seconds=20)),  # this very second
    R.CREDENTIAL_RETURNED: _status(CredentialStatus.RETURNED),
    R.NOT_YET_VALID: _enrolled(valid_from=MONDAY_TEN + timedelta(seconds=21)),  # in one second
    R.ASSURANCE_TOO_LOW: lambda house: _copied_card(house, INNER_IN),
    R.NO_ACCESS_RIGHT: lambda house: ask(house, who=EVE),
    R.SCHEDULE_OUTSIDE: _at(datetime(2026, 11, 23, 18, 0, tzinfo=BERLIN)),
    R.HOLIDAY: _at(datetime(2026, 12, 25, 12, 0, tzinfo=BERLIN)),
    R.CREDENTIAL_WATCH_LISTED: _status(CredentialStatus.WATCH_LISTED),
    R.COMPETENCY_EXPIRED: _trained(HeldCompetency(FIRST_AID, MONDAY_TEN + timedelta(seconds=20))),  # this very second
    R.CLEARANCE_TOO_LOW: _clearance,
    R.THREAT_LEVEL: _threat_locks,
    R.LOCKDOWN: _ordered(StartLockdown("drill")),
    R.DOOR_BLOCKED: _ordered(BlockDoor(FRONT, "repair")),
    R.ZONE_FULL: _full(1),
    R.ANTI_PASSBACK: _passback(AntiPassback.TIMED, 59.9),
    R.AREA_ARMED: _armed_area,
    R.INTERLOCK: _mantrap(swipe(INNER_OUT, BOB), after=5.9),
    R.GRANT_PENDING: _grant_elsewhere,
    R.NOBODY_FIRST: _nobody_first,
    R.SECOND_PERSON_NEEDED: _nobody_second,
    R.ESCORT_NEEDED: _no_escort,
    R.ESCORT_TOO_FAR: _escort_gone_on,
    R.VISITOR_NOT_SIGNED_IN: _visiting(),
    R.HOST_NOT_APPROVED: _visiting(signed_in=True),
    R.WRONG_PIN: _wrong_pin,
    R.TOO_MANY_PIN_TRIES: _third_wrong_pin_and_again,
    R.FACE_DOES_NOT_MATCH: _faced(FaceOutcome.MISMATCH),
    R.FACE_TOO_POOR: _faced(FaceOutcome.BLURRED),
    R.FACE_NOT_LIVE: _faced(FaceOutcome.NOT_LIVE),
    R.GUARD_REFUSED: _guard_refused,
    R.FACTOR_NOT_PRESENTED: _no_factor,
    R.CLOCK_NOT_TRUSTED: _clock,
    R.LOG_CANNOT_BE_WRITTEN: _log_late,
    R.CHECK_FAILED: lambda house: _with_a_broken_check(house),
}


def _copied_card(house: House, reader: ReaderId) -> Decision:
    house.see(st.BadgeEnrolled("test", badge(ALICE, assurance=Assurance.COPYABLE)))
    return ask(house, reader)


def _with_a_broken_check(house: House) -> Decision:
    def broken(case: Case) -> Finding:
        raise ZeroDivisionError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decide_module, "CHECKS", (*CHECKS, ("broken", broken)))
        return ask(house)


def _last(events: object) -> Decision:
    assert isinstance(events, list | tuple)
    denied = [event for event in events if isinstance(event, ev.AccessDenied)]
    assert denied, events
    return Deny(denied[-1].reasons, denied[-1].trace)


def _decision(house: House, stimulus: st.Stimulus) -> Decision:
    return _last(house.see(stimulus).events)


@pytest.mark.parametrize("reason", DenyReason)
def test_every_reason_refuses_alone(reason: DenyReason) -> None:
    decision = ROWS[reason](quiet_house())
    assert isinstance(decision, Deny)
    assert decision.reasons == (reason,)
    assert [check.refused for check in decision.trace if check.refused] == [reason]


def test_every_reason_has_a_row() -> None:
    assert set(ROWS) == set(DenyReason)


ASIDE: Mapping[str, tuple[Row, type[Decision]]] = {
    "an ordinary badge": (ask, Grant),
    "one second before it expires": (_enrolled(valid_until=MONDAY_TEN + timedelta(seconds=21)), Grant),
    "the second it becomes valid": (_enrolled(valid_from=MONDAY_TEN + timedelta(seconds=20)), Grant),
    "a copied card into the lobby": (lambda house: _copied_card(house, FRONT_IN), Grant),
    "a minute before the office closes": (_at(datetime(2026, 11, 23, 17, 59, tzinfo=BERLIN)), Grant),
    "the second the office opens": (_at(datetime(2026, 11, 24, 8, 0, tzinfo=BERLIN)), Grant),
    "an always right on a holiday": (
        _at(datetime(2026, 12, 25, 12, 0, tzinfo=BERLIN), who=BOB),
        Grant,
    ),
    "nobody needs a right to go outside": (lambda house: ask(house, FRONT_OUT, EVE), Grant),
    "a right to the door rather than the zone": (
        _at(datetime(2026, 11, 23, 22, 0, tzinfo=BERLIN), who=NORA),
        Grant,
    ),
    "just enough clearance": (
        lambda house: (house.see(order(SUE, SetThreatLevel(1, "x"))), ask(house, INNER_IN, BOB))[1],
        Challenge,
    ),
    "another door is blocked": (_ordered(BlockDoor(INNER, "repair")), Grant),
    "the grant is at this very door": (lambda house: (house.see(swipe(FRONT_IN, ALICE)), ask(house))[1], Grant),
    "the grant elsewhere lapsed this very second": (
        lambda house: (
            house.see(swipe(FRONT_IN, ALICE)),
            house.see_late(st.Nothing(), 6.0),
            ask(house, INNER_OUT),
        )[2],
        Grant,
    ),
    "the grant elsewhere was used": (
        lambda house: (
            house.see(swipe(FRONT_IN, BOB)),
            house.see(opens(FRONT)),
            house.see(swipe(FRONT_IN, ALICE)),  # while the door stands open: counted as used
            ask(house, INNER_OUT),
        )[3],
        Grant,
    ),
    "back in with a remark": (_passback(AntiPassback.SOFT), Grant),
    "back in where nobody asks": (_passback(AntiPassback.OFF), Grant),
    "back in once the time is over": (_passback(AntiPassback.TIMED, 60.0), Grant),
    "out, by whoever is in": (_passback(AntiPassback.HARD, reader=FRONT_OUT), Grant),
    "out, by whoever is believed to be elsewhere": (_passback(AntiPassback.HARD, reader=INNER_OUT), Grant),
    "back in after somebody left by the button": (_doubted_passback, Grant),
    "one more would be too many": (_full(2), Grant),
    "somebody left": (_full(1, swipe(FRONT_OUT, BOB), opens(FRONT), closes(FRONT)), Grant),
    "somebody may have left": (_full(1, st.RexSeen(FRONT), opens(FRONT), closes(FRONT)), Grant),
    "whoever is in is not one more": (_full(2, swipe(FRONT_IN, ALICE), opens(FRONT), closes(FRONT)), Grant),
    "out into what is full": (_full(1, reader=FRONT_OUT, zone=OUTSIDE), Grant),
    "the grant at the other leaf lapsed this very second": (_mantrap(swipe(INNER_OUT, BOB), after=6.0), Grant),
    "the grant at the other leaf was used": (
        _mantrap(swipe(INNER_OUT, BOB), opens(INNER), closes(INNER)),
        Grant,
    ),
    "one second before a competency ends": (
        _trained(HeldCompetency(FIRST_AID, MONDAY_TEN + timedelta(seconds=21))),
        Grant,
    ),
    "a competency for good": (_trained(HeldCompetency(FIRST_AID, None)), Grant),
    "out, whatever one is trained for": (_trained(reader=FRONT_OUT), Grant),
    "two wrong PINs": (
        lambda house: (_wrong_pin(house), _wrong_pin(house), ask(house, INNER_IN))[2],
        Challenge,
    ),
    "PIN tries do not matter where none is asked": (
        lambda house: (_third_wrong_pin_and_again(house), ask(house, FRONT_IN))[1],
        Grant,
    ),
    "the lock-out is over this very second": (
        lambda house: (_third_wrong_pin_and_again(house), house.wait(60.0), ask(house, INNER_IN))[2],
        Challenge,
    ),
    "an always right while the clock is untrusted": (lambda house: (_clock(house), ask(house, who=BOB))[1], Grant),
    "going outside while the clock is untrusted": (lambda house: (_clock(house), ask(house, FRONT_OUT))[1], Grant),
}


@pytest.mark.parametrize("name", ASIDE)
def test_one_step_aside_nobody_is_refused(name: str) -> None:
    row, kind = ASIDE[name]
    assert type(row(quiet_house())) is kind


def test_an_exclusion_zone_needs_a_trusted_clock() -> None:
    house = quiet_house()
    _clock(house)
    decision = ask(house, CELLAR_IN, BOB)
    assert isinstance(decision, Deny)
    assert decision.reasons == (R.CLOCK_NOT_TRUSTED,)


@pytest.mark.parametrize(("who", "always"), [(ALICE, "no"), (BOB, "yes")])
def test_what_is_said_of_a_clock_nobody_trusts(who: CardholderId, always: str) -> None:
    house = quiet_house()
    _clock(house)
    (said,) = [step.facts for step in ask(house, who=who).trace if step.name == "clock"]
    assert said == f"the clock is not trusted; a right at all times: {always}; zone level controlled"


def test_a_lock_out_ends_a_second_too_early_for_a_try() -> None:
    house = quiet_house()
    _third_wrong_pin_and_again(house)
    house.wait(59.0)
    decision = ask(house, INNER_IN)
    assert isinstance(decision, Deny)
    assert decision.reasons == (R.TOO_MANY_PIN_TRIES,)


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (FaceOutcome.MISMATCH, R.FACE_DOES_NOT_MATCH),
        (FaceOutcome.NOBODY, R.FACTOR_NOT_PRESENTED),
        (FaceOutcome.TOO_SMALL, R.FACE_TOO_POOR),
        (FaceOutcome.BLURRED, R.FACE_TOO_POOR),
        (FaceOutcome.SEVERAL_FACES, R.FACE_TOO_POOR),
        (FaceOutcome.UNSURE, R.FACE_TOO_POOR),
        (FaceOutcome.NO_TEMPLATE, R.FACE_TOO_POOR),
        (FaceOutcome.OTHER_ENGINE, R.FACE_TOO_POOR),
        (FaceOutcome.NO_CAMERA, R.FACE_TOO_POOR),
    ],
)
def test_only_a_matched_face_counts(outcome: FaceOutcome, reason: DenyReason) -> None:
    decision = _faced(outcome)(quiet_house())
    assert isinstance(decision, Deny)
    assert decision.reasons == (reason,)


@pytest.mark.parametrize(
    ("row", "facts"),
    [
        (_trained(), "first-aid never held"),
        (_trained(HeldCompetency(DRIVING, None)), "first-aid never held"),
        (
            _trained(HeldCompetency(FIRST_AID, MONDAY_TEN), needs=(DRIVING, FIRST_AID)),
            "first-aid expired 2026-11-23T10:00+01:00, driving never held",
        ),
        (_set_back, "first-aid expired 2026-11-23T10:01+01:00"),
    ],
)
def test_whoever_lacks_one_competency_is_told_which(row: Row, facts: str) -> None:
    decision = row(quiet_house())
    assert isinstance(decision, Deny)
    assert decision.reasons == (R.COMPETENCY_EXPIRED,)
    assert [check.facts for check in decision.trace if check.refused] == [facts]


def test_whoever_waited_for_a_second_and_for_an_escort_is_told_of_both_and_of_nothing_of_their_own() -> None:
    house = quiet_house(with_zone(small_site(), LOBBY, two_person=True))
    _escorts(house, EscortOrder.EITHER)
    needs_one = replace(PEOPLE[ALICE], needs_escort=True)
    house.see(st.PersonEnrolled("test", needs_one, "sealed"))
    house.see(swipe(FRONT_IN, ALICE))
    decision = _last(house.wait(30.0))
    assert isinstance(decision, Deny)
    assert decision.reasons == (R.SECOND_PERSON_NEEDED, R.ESCORT_NEEDED)


def test_a_watch_listed_badge_is_an_alarm_each_time_and_says_whose() -> None:
    house = quiet_house()
    _status(CredentialStatus.WATCH_LISTED)(house)
    for _ in range(2):
        house.see(swipe(FRONT_IN, ALICE))
    assert [(one.source.reader, one.detail) for one in house.alarms(AlarmKind.WATCH_LIST_HIT)] == [
        (FRONT_IN, ALICE)
    ] * 2


def test_all_checks_run_and_all_reasons_are_kept_in_their_order() -> None:
    house = quiet_house()
    house.see(st.BadgeEnrolled("test", badge(EVE, status=CredentialStatus.STOLEN, assurance=Assurance.COPYABLE)))
    house.see(order(SUE, SetThreatLevel(2, "x")))
    house.see(order(GIL, StartLockdown("x")))
    house.see(order(GIL, BlockDoor(INNER, "x")))
    house.see(st.LogLateSeen((), "x"))
    decision = ask(house, INNER_IN, EVE)
    assert isinstance(decision, Deny)
    assert decision.reasons == (
        R.CREDENTIAL_STOLEN,
        R.ASSURANCE_TOO_LOW,
        R.NO_ACCESS_RIGHT,
        R.CLEARANCE_TOO_LOW,
        R.THREAT_LEVEL,
        R.LOCKDOWN,
        R.DOOR_BLOCKED,
        R.LOG_CANNOT_BE_WRITTEN,
    )
    assert [check.name for check in decision.trace] == [name for name, _ in CHECKS]


def test_a_grant_carries_its_trace_too() -> None:
    decision = ask(quiet_house())
    assert [check.name for check in decision.trace] == [name for name, _ in CHECKS]
    assert all(check.facts and check.refused is None for check in decision.trace)


def test_a_broken_check_says_what_went_wrong() -> None:
    decision = _with_a_broken_check(quiet_house())
    assert decision.trace[-1].facts == "the check failed: ZeroDivisionError()"
    assert [check.name for check in decision.trace] == [*(name for name, _ in CHECKS), "broken"]


@pytest.mark.parametrize("card_or_pin", [True, False])
@pytest.mark.parametrize(
    "presented", [frozenset({Factor.FACE}), frozenset({Factor.GUARD}), frozenset({Factor.FACE, Factor.GUARD}), NONE]
)
def test_nothing_grants_without_the_badge(presented: frozenset[Factor], card_or_pin: bool) -> None:
    decision = ask(quiet_house(with_zone(small_site(), LOBBY, card_or_pin=card_or_pin)), presented=presented)
    assert isinstance(decision, Challenge)
    assert Factor.CARD in decision.factors


def test_nor_does_a_pin_where_none_is_taken_in_its_place() -> None:
    decision = ask(quiet_house(), presented=frozenset({Factor.PIN}))
    assert isinstance(decision, Deny)
    assert decision.reasons == (R.ASSURANCE_TOO_LOW,)


def test_factors_are_the_union_of_zone_reader_and_threat_level() -> None:
    house = quiet_house()
    assert ask(house, INNER_IN, BOB) == _challenge(house, {Factor.PIN}, INNER_IN)
    house.see(order(SUE, SetThreatLevel(1, "x")))
    assert ask(house, FRONT_IN, BOB) == _challenge(house, {Factor.PIN}, FRONT_IN)
    zones = {**house.site.zones}
    zones[house.site.readers[FRONT_IN].enters] = replace(
        zones[house.site.readers[FRONT_IN].enters], factors=frozenset({Factor.CARD, Factor.FACE})
    )
    house.site = replace(house.site, zones=zones)
    assert ask(house, FRONT_IN, BOB) == _challenge(house, {Factor.PIN, Factor.FACE}, FRONT_IN)


def _challenge(house: House, factors: set[Factor], reader: ReaderId) -> Challenge:
    return Challenge(frozenset(factors), ask(house, reader, BOB).trace)


def test_a_threat_level_the_site_file_no_longer_knows_counts_as_its_strictest() -> None:
    house = quiet_house()
    house.see(order(SUE, SetThreatLevel(2, "x")))
    levels = {n: level for n, level in house.site.threat_levels.items() if n < 2}
    house.site = replace(house.site, threat_levels=levels)
    assert isinstance(ask(house), Challenge)
    decision = ask(house, INNER_IN, ALICE)
    assert isinstance(decision, Deny)
    assert decision.reasons == (R.CLEARANCE_TOO_LOW,)


def test_an_expired_badge_is_not_revived_by_a_clock_set_back() -> None:
    house = quiet_house()
    house.see(st.BadgeEnrolled("test", badge(BOB, valid_until=MONDAY_TEN + timedelta(minutes=1))))
    house.wait(60.0)
    house.see(strange_card(FRONT_IN))  # any record fixes the hour
    house.set_wall(MONDAY_TEN)
    house.see(st.TimePassed())
    decision = ask(house, who=BOB)
    assert isinstance(decision, Deny)
    assert decision.reasons == (R.CREDENTIAL_EXPIRED,)


def test_a_badge_whose_holder_nobody_knows_is_unknown() -> None:
    house = House(small_site())
    house.see(st.BadgeEnrolled("test", badge(ALICE)))
    decision = ask(house)
    assert isinstance(decision, Deny)
    assert decision.reasons == (R.UNKNOWN_CREDENTIAL,)


@pytest.mark.parametrize(
    ("request_", "check"),
    [
        (
            AccessRequest(RequestId("r1"), ReaderId("nowhere"), badge(ALICE).id, NONE),
            Check("reader", "reader nowhere", R.UNKNOWN_READER),
        ),
        (
            AccessRequest(RequestId("r1"), FRONT_IN, None, frozenset({Factor.PIN})),
            Check("credential", "a personal PIN that is nobody's", R.WRONG_PIN),
        ),
        (
            AccessRequest(RequestId("r1"), FRONT_IN, CredentialId("found"), frozenset({Factor.CARD})),
            Check("credential", "credential found", R.UNKNOWN_CREDENTIAL),
        ),
    ],
)
def test_of_what_nobody_knows_the_trace_says_so_and_nothing_else(request_: AccessRequest, check: Check) -> None:
    assert quiet_house().decide(request_) == Deny((check.refused,), (check,))


def _of_two_levels(house: House) -> Decision:
    house.see(st.PersonEnrolled("test", replace(PEOPLE[ALICE], levels=frozenset({STAFF, GUARDS})), "sealed"))
    house.travel(datetime(2026, 11, 23, 18, 0, tzinfo=BERLIN))
    return ask(house)


def _matched(house: House) -> Decision:
    shown = AccessRequest(RequestId("r99"), CELLAR_IN, badge(BOB).id, frozenset({Factor.CARD}))
    return house.decide(replace(shown, face=FaceOutcome.MATCHED))


BOTH = (HeldCompetency(FIRST_AID, MONDAY_TEN + timedelta(days=1)), HeldCompetency(DRIVING, None))


@pytest.mark.parametrize(
    ("row", "name", "facts"),
    [
        (ask, "validity", "valid without an end"),
        (_enrolled(valid_from=MONDAY_TEN), "validity", "valid from 2026-11-23T10:00+01:00 until ever"),
        (
            _enrolled(valid_until=MONDAY_TEN + timedelta(days=1)),
            "validity",
            "valid from ever until 2026-11-24T10:00+01:00",
        ),
        (lambda house: (_clock(house), ask(house, FRONT_OUT))[1], "clock", "outside needs no clock"),
        (lambda house: ask(house, FRONT_OUT), "right", "going outside takes no right"),
        (_of_two_levels, "right", "guards holds, staff outside"),
        (
            _trained(*BOTH, needs=(FIRST_AID, DRIVING)),
            "competency",
            "driving until ever, first-aid until 2026-11-24T10:00+01:00",
        ),
        (_trained(reader=FRONT_OUT), "competency", "no competency needed"),
        (_threat_locks, "threat level", "threat level 2 locks inner"),
        (lambda house: ask(house, INNER_IN, BOB), "threat level", "threat level 0 does not lock inner"),
        (_ordered(BlockDoor(FRONT, "repair")), "block", "blocked by sue"),
        (_mantrap(swipe(INNER_OUT, BOB)), "interlock", "inner is granted and not yet used"),
        (_grant_elsewhere, "grant elsewhere", "open grant at front"),
        (_wrong_pin, "pin", "the PIN was wrong"),
        (_third_wrong_pin_and_again, "pin", "too many wrong PINs"),
        (_matched, "face", "the face matched"),
        (_faced(FaceOutcome.MISMATCH), "face", "the face is not the badge holder's"),
        (_faced(FaceOutcome.NOT_LIVE), "face", "the face is a picture, not a person"),
        (_faced(FaceOutcome.NOBODY), "face", "no face was shown"),
        (_faced(FaceOutcome.BLURRED), "face", "the face could not be judged: blurred"),
        (_no_factor, "in time", "the badge, or what it was challenged for, was not presented in time"),
        (_log_late, "log", "the log cannot be written in time"),
    ],
)
def test_what_the_trace_says(row: Row, name: str, facts: str) -> None:
    assert [check.facts for check in row(quiet_house()).trace if check.name == name] == [facts]


def test_deciding_on_an_empty_state_is_a_denial() -> None:
    house = House()
    decision = decide(house.site, SiteState(), AccessRequest(RequestId("r1"), FRONT_IN, None, frozenset()), house.now)
    assert isinstance(decision, Deny)


def test_completing_a_challenge_decides_afresh() -> None:
    house = quiet_house()
    house.see(swipe(INNER_IN, ALICE))
    house.see(st.BadgeEnrolled("test", badge(ALICE, status=CredentialStatus.SUSPENDED)))
    decision = _decision(house, pin(INNER_IN, ALICE))
    assert isinstance(decision, Deny)
    assert decision.reasons == (R.CREDENTIAL_SUSPENDED,)


def test_a_level_that_is_gone_from_the_site_gives_no_right() -> None:
    house = quiet_house()
    house.see(st.PersonEnrolled("test", replace(PEOPLE[ALICE], levels=frozenset({*PEOPLE[EVE].levels})), "sealed"))
    assert isinstance(ask(house), Deny)
