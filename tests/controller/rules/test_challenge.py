"""Badge and more: PINs, lock-outs, faces, and who is told what at the reader."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.decision import AccessRequest, DenyReason, FaceOutcome
from controller.domain.effects import AskFace, Effect, Light, Signal, StopFace, Unlock
from controller.domain.ids import RequestId
from controller.domain.operators import SetThreatLevel, StartLockdown
from controller.domain.site import Factor
from controller.domain.state import SiteState
from controller.rules import access
from controller.rules.fold import apply
from controller.rules.turn import Outcome, Turn
from tests.controller.builders import (
    ALICE,
    BOB,
    CELLAR_CAMERA,
    CELLAR_IN,
    FRONT_IN,
    GIL,
    INNER_IN,
    LOBBY_CAMERA,
    SUE,
    House,
    everything_answers,
    of_kind,
    order,
    pin,
    quiet_house,
    small_site,
    strange_card,
    swipe,
    wrong_pin,
)

R1 = RequestId("r1")


def denials(house: House) -> list[tuple[DenyReason, ...]]:
    return [event.reasons for event in of_kind(ev.AccessDenied, house.events)]


def grants(house: House) -> list[RequestId]:
    return [event.request for event in of_kind(ev.AccessGranted, house.events)]


def wrong_try(house: House) -> None:
    house.see(swipe(INNER_IN, ALICE), after=1.0)
    house.see(wrong_pin(INNER_IN), after=1.0)


def test_a_right_badge_is_asked_for_its_pin() -> None:
    house = quiet_house()
    asked = house.see(swipe(INNER_IN, ALICE))
    assert asked.effects == (Signal(INNER_IN, Light.ENTER_PIN),)
    assert house.see(pin(INNER_IN, ALICE), after=1.0).effects == (
        Unlock(house.site.readers[INNER_IN].door, R1, 5.0, house.now.mono + 2.0),
        Signal(INNER_IN, Light.GRANTED),
    )
    assert of_kind(ev.AccessGranted, house.events)[0].presented == (Factor.CARD, Factor.PIN)


def test_the_second_badge_replaces_what_the_reader_waited_for() -> None:
    house = quiet_house()
    house.see(swipe(INNER_IN, ALICE))
    house.see(swipe(INNER_IN, BOB), after=1.0)
    assert denials(house) == [(DenyReason.FACTOR_NOT_PRESENTED,)]
    house.see(pin(INNER_IN, ALICE), after=1.0)  # Alice's PIN is not Bob's
    assert denials(house)[1:] == [(DenyReason.WRONG_PIN,)]


def test_a_pin_without_a_challenge_means_nothing() -> None:
    house = quiet_house()
    assert house.see(pin(INNER_IN, ALICE)).events == ()
    house.see(swipe(CELLAR_IN, BOB))
    assert house.see(pin(CELLAR_IN, BOB)).events == ()  # it asks for a face


def test_a_pin_may_not_be_replayed() -> None:
    house = quiet_house()
    house.see(swipe(INNER_IN, ALICE))
    house.see(pin(INNER_IN, ALICE), after=1.0)
    assert house.see(pin(INNER_IN, ALICE), after=1.0).events == ()


@pytest.mark.parametrize(("after", "granted"), [(9.999, [R1]), (10.0, [])])
def test_a_pin_counts_until_the_challenge_ends(after: float, granted: list[RequestId]) -> None:
    house = quiet_house()
    house.see(swipe(INNER_IN, ALICE))
    house.see_late(pin(INNER_IN, ALICE), after)
    assert grants(house) == granted
    assert denials(house) == ([] if granted else [(DenyReason.FACTOR_NOT_PRESENTED,)])
    assert INNER_IN not in house.state.challenges


def test_three_wrong_pins_lock_out_and_alarm() -> None:
    house = quiet_house()
    wrong_try(house)
    wrong_try(house)
    assert house.alarms(AlarmKind.PIN_BRUTE_FORCE) == []
    wrong_try(house)
    (alarm,) = house.alarms(AlarmKind.PIN_BRUTE_FORCE)
    assert alarm.source.reader == INNER_IN
    house.see(swipe(INNER_IN, ALICE), after=1.0)
    assert denials(house)[-1] == (DenyReason.TOO_MANY_PIN_TRIES,)


def test_a_right_pin_forgives_two_wrong_ones() -> None:
    house = quiet_house()
    wrong_try(house)
    wrong_try(house)
    house.see(swipe(INNER_IN, ALICE))
    house.see(pin(INNER_IN, ALICE))
    wrong_try(house)
    house.see(swipe(INNER_IN, ALICE))
    assert denials(house)[-1] == (DenyReason.WRONG_PIN,)


def test_a_badge_alone_forgives_no_wrong_pin() -> None:
    house = quiet_house()
    wrong_try(house)
    wrong_try(house)
    house.see(swipe(FRONT_IN, ALICE))
    house.wait(10.0)
    wrong_try(house)
    assert len(house.alarms(AlarmKind.PIN_BRUTE_FORCE)) == 1


def test_after_a_lock_out_three_more_tries_lock_out_again() -> None:
    house = quiet_house()
    for _ in range(3):
        wrong_try(house)
    house.wait(60.0)
    wrong_try(house)
    wrong_try(house)
    assert denials(house)[-2:] == [(DenyReason.WRONG_PIN,)] * 2
    wrong_try(house)
    assert denials(house)[-1] == (DenyReason.WRONG_PIN,)
    house.see(swipe(INNER_IN, ALICE), after=1.0)
    assert denials(house)[-1] == (DenyReason.TOO_MANY_PIN_TRIES,)


@pytest.mark.parametrize("proof", [pin(INNER_IN, ALICE), wrong_pin(INNER_IN)])
def test_a_challenge_from_before_the_lock_out_tells_no_pin(proof: st.PinEntered) -> None:
    site = small_site()
    readers = {**site.readers, FRONT_IN: replace(site.readers[FRONT_IN], factors=frozenset({Factor.CARD, Factor.PIN}))}
    house = quiet_house(replace(site, readers=readers))
    for _ in range(2):
        wrong_try(house)
    house.see(swipe(INNER_IN, ALICE))
    house.see(swipe(FRONT_IN, ALICE))
    house.see(wrong_pin(FRONT_IN))
    house.see(proof)
    assert denials(house)[-1] == (DenyReason.TOO_MANY_PIN_TRIES,)


def test_lowering_the_threat_level_resets_no_lock_out() -> None:
    house = quiet_house()
    house.see(order(SUE, SetThreatLevel(1, "a threat")))
    house.see(swipe(FRONT_IN, BOB))  # at level 1 the front door asks for a PIN
    for _ in range(3):
        house.see(swipe(INNER_IN, BOB))
        house.see(wrong_pin(INNER_IN))
    tries = house.state.pin_tries
    house.see(order(SUE, SetThreatLevel(0, "over")))
    house.see(wrong_pin(FRONT_IN))
    assert house.state.pin_tries == tries
    assert denials(house)[-1] == (DenyReason.TOO_MANY_PIN_TRIES,)


def test_a_lock_out_survives_a_restart() -> None:
    house = quiet_house()
    for _ in range(3):
        wrong_try(house)
    house.wait(50.0)
    house.restart()
    everything_answers(house)
    house.see(swipe(INNER_IN, ALICE))
    assert denials(house)[-1] == (DenyReason.TOO_MANY_PIN_TRIES,)
    house.wait(60.0)
    house.see(swipe(INNER_IN, ALICE))
    assert INNER_IN in house.state.challenges


def test_wrong_pins_are_still_counted_after_a_restart() -> None:
    house = quiet_house()
    wrong_try(house)
    wrong_try(house)
    house.restart()
    everything_answers(house)
    wrong_try(house)
    assert len(house.alarms(AlarmKind.PIN_BRUTE_FORCE)) == 1


def test_a_restart_ends_a_challenge_and_says_so() -> None:
    house = quiet_house()
    house.see(swipe(INNER_IN, ALICE))
    house.restart()
    assert denials(house) == [(DenyReason.FACTOR_NOT_PRESENTED,)]
    assert house.see(pin(INNER_IN, ALICE)).events == ()


def test_no_challenge_outlives_the_boot_whatever_the_log_says_of_its_end() -> None:
    house = quiet_house()
    house.see(swipe(INNER_IN, ALICE))
    assert len(apply(house.state, ev.BoxStarted("1.0", 15.0, 60.0, 5.0), house.now).challenges) == 0


# Faces.


def test_a_badge_and_its_face() -> None:
    house = quiet_house()
    asked = house.see(swipe(CELLAR_IN, BOB))
    until = house.now.mono + 10.0 - 0.3
    assert asked.effects == (AskFace(R1, CELLAR_CAMERA, BOB, until), Signal(CELLAR_IN, Light.LOOK_AT_CAMERA))
    seen = house.face()
    assert isinstance(seen.events[0], ev.FaceJudged)
    assert grants(house) == [R1]
    assert not any(isinstance(effect, StopFace) for effect in seen.effects)


def test_a_face_seen_before_the_badge_does_not_count() -> None:
    house = quiet_house()
    house.see(swipe(CELLAR_IN, BOB))
    assert house.face(after=1.0, seen=1.0).events == ()  # in the very moment of the badge
    assert house.face(after=0.0, seen=2.0).events == ()
    assert len(house.face(after=0.0, seen=0.999).events) > 0
    assert grants(house) == [R1]


def test_another_camera_does_not_count() -> None:
    house = quiet_house()
    house.see(swipe(CELLAR_IN, BOB))
    assert house.face(camera=LOBBY_CAMERA).events == ()
    assert grants(house) == []


def test_an_answer_to_another_request_does_not_count() -> None:
    house = quiet_house()
    house.see(swipe(CELLAR_IN, BOB))
    assert house.face(request=RequestId("r0")).events == ()


def test_a_face_where_none_was_asked_for_does_not_count() -> None:
    house = quiet_house()
    house.see(swipe(INNER_IN, ALICE))
    assert house.face().events == ()


@pytest.mark.parametrize(("after", "granted"), [(9.999, [R1]), (10.0, [])])
def test_a_face_after_the_deadline_does_not_count(after: float, granted: list[RequestId]) -> None:
    house = quiet_house()
    house.see(swipe(CELLAR_IN, BOB))
    seen_at = house.now.mono + 1.0
    house.see_late(st.FaceSeen(R1, CELLAR_CAMERA, FaceOutcome.MATCHED, 0.4, 5, seen_at), after)
    assert grants(house) == granted


def test_nobody_came() -> None:
    house = quiet_house()
    house.see(swipe(CELLAR_IN, BOB))
    house.wait(10.0)
    assert denials(house) == [(DenyReason.FACTOR_NOT_PRESENTED,)]
    assert house.effects[-2:] == [Signal(CELLAR_IN, Light.DENIED), StopFace(R1)]


def test_every_strange_face_is_an_alarm_of_its_own() -> None:
    house = quiet_house()
    for _ in range(2):
        house.see(swipe(CELLAR_IN, BOB), after=1.0)
        house.face(FaceOutcome.MISMATCH)
    assert denials(house) == [(DenyReason.FACE_DOES_NOT_MATCH,)] * 2
    alarms = house.alarms(AlarmKind.FACE_MISMATCH)
    assert [(a.source.reader, a.source.camera) for a in alarms] == [(CELLAR_IN, CELLAR_CAMERA)] * 2


def test_the_eyes_are_called_off_when_the_challenge_ends_without_them() -> None:
    house = all_factors_house()
    house.see(swipe(CELLAR_IN, BOB))
    assert StopFace(R1) in house.see(wrong_pin(CELLAR_IN)).effects


def test_a_pin_challenge_calls_off_no_eyes() -> None:
    house = quiet_house()
    house.see(swipe(INNER_IN, ALICE))
    house.wait(10.0)
    assert not any(isinstance(effect, StopFace) for effect in house.effects)


def test_what_only_a_badge_is_granted_says_who_asked_without_one() -> None:
    request = AccessRequest(RequestId("r9"), FRONT_IN, None, frozenset())
    with pytest.raises(ValueError, match="request r9 at front-in has no credential"):
        access._credential(Turn(small_site(), SiteState(), House().now), request)


def all_factors_house() -> House:
    site = small_site()
    reader = replace(site.readers[CELLAR_IN], keypad=True, factors=frozenset({Factor.CARD, Factor.PIN, Factor.FACE}))
    return quiet_house(replace(site, readers={**site.readers, CELLAR_IN: reader}))


@pytest.mark.parametrize("pin_first", [True, False])
def test_three_factors_in_either_order_within_one_deadline(pin_first: bool) -> None:
    house = all_factors_house()
    house.see(swipe(CELLAR_IN, BOB))
    deadline = house.state.challenges[CELLAR_IN].until

    def type_it() -> Outcome:
        return house.see(pin(CELLAR_IN, BOB), after=1.0)

    first, last = (type_it, house.face) if pin_first else (house.face, type_it)
    proven = first()
    (fact,) = of_kind(ev.FactorProven, proven.events)
    assert fact.factor is (Factor.PIN if pin_first else Factor.FACE)
    assert fact.asked is not None
    assert (fact.asked.id, fact.asked.pin_right) == (fact.request, True if pin_first else None)
    assert house.state.challenges[CELLAR_IN].until == deadline
    assert light(proven.effects) is (Light.LOOK_AT_CAMERA if pin_first else Light.ENTER_PIN)
    assert grants(house) == []
    last()
    assert grants(house) == [R1]
    assert of_kind(ev.AccessGranted, house.events)[0].presented == (Factor.CARD, Factor.FACE, Factor.PIN)


def light(effects: tuple[Effect, ...]) -> Light | None:
    return next((effect.light for effect in effects if isinstance(effect, Signal)), None)


def test_a_threat_level_raised_meanwhile_never_makes_it_easier() -> None:
    house = quiet_house()
    house.see(swipe(INNER_IN, ALICE))
    house.see(order(SUE, SetThreatLevel(1, "a threat")))
    house.see(pin(INNER_IN, ALICE), after=1.0)
    assert denials(house) == [(DenyReason.CLEARANCE_TOO_LOW,)]


def test_a_lockdown_ends_a_challenge_with_that_reason() -> None:
    house = quiet_house()
    house.see(swipe(CELLAR_IN, BOB))
    started = house.see(order(GIL, StartLockdown("drill")))
    assert denials(house) == [(DenyReason.LOCKDOWN,)]
    assert StopFace(R1) in started.effects
    assert house.face().events == ()


# Cards nobody knows.


def test_an_unknown_card_is_kept_with_its_raw_bits_and_a_known_one_is_not() -> None:
    house = quiet_house()
    house.see(replace(strange_card(FRONT_IN, "token-nobody"), tried=("H10301", "C1000_35")))
    unknown = of_kind(ev.AccessDenied, house.events)[-1]
    assert (unknown.format, unknown.bit_count, unknown.raw) == ("none", 26, "c0ffee00")
    assert unknown.tried == ("H10301", "C1000_35")
    house.see(order(GIL, StartLockdown("drill")))
    house.see(swipe(FRONT_IN, ALICE))
    known = of_kind(ev.AccessDenied, house.events)[-1]
    assert (known.format, known.bit_count, known.raw, known.tried) == (None, None, None, ())


@pytest.mark.parametrize(("seconds", "alarms"), [(14.999, 1), (15.0, 0)])
def test_five_unknown_cards_within_a_minute_are_a_burst(seconds: float, alarms: int) -> None:
    house = quiet_house()
    for _ in range(5):
        house.see(strange_card(FRONT_IN), after=seconds)
    assert len(house.alarms(AlarmKind.UNKNOWN_CARD_BURST)) == alarms


def test_a_burst_is_counted_reader_by_reader() -> None:
    house = quiet_house()
    for reader in (FRONT_IN, INNER_IN) * 4:
        house.see(strange_card(reader))
    assert house.alarms(AlarmKind.UNKNOWN_CARD_BURST) == []


def test_a_new_token_takes_the_old_ones_place() -> None:
    house = quiet_house()
    (credential,) = [c for c in house.state.credentials.values() if c.cardholder == ALICE]
    house.see(st.BadgeEnrolled("test", replace(credential, token="token-new")))
    house.see(swipe(FRONT_IN, ALICE))
    assert denials(house) == [(DenyReason.UNKNOWN_CREDENTIAL,)]
    house.see(st.CardPresented(FRONT_IN, "token-new", "H10301", 26, "00"))
    assert len(grants(house)) == 1
