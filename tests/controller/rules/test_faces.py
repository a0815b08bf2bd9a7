"""Faces by order: a row per refusal, what is kept and gone, the gesture that is asked for, and the watch list."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.decision import FaceOutcome
from controller.domain.effects import AskFace, Light, Signal, StopFace
from controller.domain.face_orders import (
    ComparePortrait,
    ConfirmFace,
    EnrolFace,
    KeepPortrait,
    ListFace,
    RemovePortrait,
    UnlistFace,
    WithdrawFace,
)
from controller.domain.faces import FaceBasis, FaceRules, FaceWatch, Gesture, Liveness
from controller.domain.ids import CardholderId, OperatorId
from controller.domain.operators import Operator, Refusal, Role
from controller.domain.site import Factor
from tests.controller.builders import (
    ADA,
    ALICE,
    BOB,
    CELLAR_CAMERA,
    CELLAR_IN,
    EVE,
    GIL,
    LOBBY_CAMERA,
    NORA,
    SUE,
    of_kind,
    order,
    quiet_house,
    small_site,
    swipe,
)

SVEN, DORA, NOBODY = OperatorId("sven"), OperatorId("dora"), CardholderId("p-nobody")
RULES = FaceRules(portraits=True, watch_list=FaceWatch("DPIA-7", frozenset({LOBBY_CAMERA})))
ENROL = EnrolFace(BOB, FaceBasis.CONSENT, "form 12", engine="engine-2", mode="mean", used=6, template="t")
WITHDRAW = WithdrawFace(BOB, "consent withdrawn")
KEEP, REMOVE = KeepPortrait(BOB, "for the guard", "p"), RemovePortrait(BOB, "no longer wanted")
CONFIRM = ConfirmFace(BOB)
LIST, UNLIST, COMPARE = ListFace(BOB, "seen at the fence"), UnlistFace(BOB, "case closed"), ComparePortrait(BOB)


def house(rules: FaceRules = RULES, **reader):
    site = small_site()
    changed = replace(site.readers[CELLAR_IN], **reader)
    known = quiet_house(replace(site, faces=rules, readers={**site.readers, CELLAR_IN: changed}))
    known.see(st.OperatorEnrolled("test", Operator(SVEN, Role.SECURITY_OFFICER, ALICE)))
    known.see(st.OperatorEnrolled("test", Operator(DORA, Role.DATA_PROTECTION_OFFICER)))
    return known


def refusal(known, who, what):
    return next((e.why for e in known.see(order(who, what)).events if isinstance(e, ev.OrderRefused)), None)


@pytest.mark.parametrize(
    ("who", "what", "why"),
    [
        (GIL, ENROL, Refusal.NOT_YOUR_ROLE),
        (ADA, COMPARE, Refusal.NOT_YOUR_ROLE),
        (DORA, ENROL, Refusal.NOT_YOUR_ROLE),
        (SUE, LIST, Refusal.NOT_YOUR_ROLE),
        (SUE, replace(ENROL, cardholder=NOBODY), Refusal.UNKNOWN_CARDHOLDER),
        (SVEN, replace(ENROL, cardholder=ALICE), Refusal.ABOUT_YOURSELF),
        (SVEN, replace(WITHDRAW, cardholder=ALICE), Refusal.ABOUT_YOURSELF),
        (SUE, replace(ENROL, template=""), Refusal.NO_FACE),
        (SUE, replace(ENROL, reason=" "), Refusal.REASON_NEEDED),
        (SUE, replace(ENROL, alike=(ALICE,)), Refusal.FACE_ALIKE),
        (SUE, replace(ENROL, alike=(ALICE, EVE), others=(EVE,)), Refusal.FACE_ALIKE),
        (SUE, replace(ENROL, alike=(ALICE,), others=(ALICE,)), None),
        (SUE, ENROL, None),
        (GIL, CONFIRM, Refusal.NOT_YOUR_ROLE),
        (DORA, CONFIRM, Refusal.NOT_YOUR_ROLE),
        (SUE, CONFIRM, Refusal.ALREADY_SO),
        (SUE, replace(CONFIRM, cardholder=NORA), Refusal.NO_FACE),
        (SUE, replace(CONFIRM, cardholder=NOBODY), Refusal.UNKNOWN_CARDHOLDER),
        (SVEN, replace(CONFIRM, cardholder=ALICE), Refusal.ABOUT_YOURSELF),
        (DORA, WITHDRAW, None),
        (SUE, replace(WITHDRAW, reason=""), Refusal.REASON_NEEDED),
        (SUE, replace(KEEP, portrait=""), Refusal.NO_PORTRAIT),
        (SUE, KEEP, None),
        (SUE, REMOVE, Refusal.NO_PORTRAIT),
        (SVEN, LIST, None),
        (SVEN, UNLIST, Refusal.ALREADY_SO),
        (GIL, COMPARE, Refusal.NO_PORTRAIT),
    ],
    ids=str,
)
def test_why_an_order_is_refused(who, what, why):
    assert refusal(house(), who, what) is why


def test_a_refusal_for_somebody_alike_names_them_in_the_log():
    known = house()
    known.see(order(SUE, replace(ENROL, alike=(ALICE, EVE))))
    assert known.events[-1].subject == f"{BOB} {ALICE} {EVE}"


def test_what_a_site_does_not_allow_is_refused():
    known = house(FaceRules())
    assert refusal(known, SUE, KEEP) is Refusal.PORTRAITS_NOT_ALLOWED
    assert refusal(known, SVEN, LIST) is Refusal.NO_WATCH_LIST


def of_nora(what):
    """The same order about somebody with no rights in an exclusion zone."""
    return replace(what, cardholder=NORA)


def test_a_template_stands_with_its_ground_and_is_gone_with_everything_else():
    known = house()
    known.see(order(SUE, of_nora(ENROL)))
    assert known.events[-1] == ev.FaceTemplateRecorded(
        SUE, NORA, "engine-2", "mean", "t", FaceBasis.CONSENT, 6, (), "form 12"
    )
    kept = known.state.enrolled[NORA]
    assert (kept.engine, kept.used, kept.basis, known.state.faces[NORA]) == (
        "engine-2",
        6,
        FaceBasis.CONSENT,
        "engine-2",
    )
    known.see(order(SUE, of_nora(KEEP)))
    known.see(order(SVEN, of_nora(LIST)))
    assert refusal(known, SVEN, of_nora(LIST)) is Refusal.ALREADY_SO
    known.see(order(SUE, of_nora(WITHDRAW)))
    state = known.state
    assert all(NORA not in each for each in (state.faces, state.enrolled, state.portraits, state.listed_faces))
    assert refusal(known, SUE, of_nora(WITHDRAW)) is Refusal.NO_FACE


def test_portrait_and_list_end_by_their_own_orders():
    known = house()
    for who, what in (
        (SUE, of_nora(ENROL)),
        (SUE, of_nora(KEEP)),
        (SVEN, of_nora(LIST)),
        (SUE, of_nora(REMOVE)),
        (SVEN, of_nora(UNLIST)),
    ):
        assert refusal(known, who, what) is None
    assert NORA not in known.state.portraits
    assert NORA not in known.state.listed_faces
    assert NORA in known.state.faces


def test_a_face_that_helps_into_an_exclusion_zone_sleeps_until_another_person_confirms_it():
    known = house()
    asleep, asked = known.see(order(SUE, ENROL)).events
    assert asleep == ev.FaceTemplateRecorded(
        SUE, BOB, "engine-2", "mean", "t", FaceBasis.CONSENT, 6, (), "form 12", asleep=True
    )
    assert (asked.operator, asked.order, asked.subject, asked.reason) == (SUE, "confirm_face", BOB, "form 12")
    assert known.state.enrolled[BOB].asleep
    assert BOB not in known.state.faces  # the one before it is gone: it was to be replaced
    assert refusal(known, SUE, CONFIRM) is Refusal.SECOND_PERSON_NEEDED
    assert BOB not in known.state.faces
    (done,) = known.see(order(SVEN, CONFIRM)).events
    assert done == ev.FaceConfirmed(SUE, SVEN, BOB)
    assert (known.state.faces[BOB], known.state.enrolled[BOB].asleep) == ("engine-2", False)
    assert not known.state.asked
    assert refusal(known, SVEN, CONFIRM) is Refusal.ALREADY_SO


def test_a_face_of_somebody_without_such_rights_waits_for_nobody():
    known = house()
    (kept,) = known.see(order(SUE, of_nora(ENROL))).events
    assert not kept.asleep
    assert not known.state.asked
    assert NORA in known.state.faces


def test_a_sleeping_face_is_no_factor_and_its_owner_is_looked_at():
    known = house(keypad=True)
    known.see(order(SUE, ENROL))
    (challenge,) = of_kind(ev.ChallengeIssued, known.see(swipe(CELLAR_IN, BOB)).events)
    assert Factor.FACE not in challenge.factors
    assert Factor.GUARD in challenge.factors


def test_a_face_that_nobody_confirmed_in_time_sleeps_on_and_is_enrolled_anew():
    known = house()
    known.see(order(SUE, ENROL))
    known.wait(72 * 3600.0 + 1.0)
    assert refusal(known, SVEN, CONFIRM) is Refusal.NO_FACE
    known.see(order(SVEN, ENROL))
    assert refusal(known, SVEN, CONFIRM) is Refusal.SECOND_PERSON_NEEDED
    assert refusal(known, SUE, CONFIRM) is None


@pytest.mark.parametrize("what", [WITHDRAW, ENROL], ids=["withdrawn", "enrolled anew"])
def test_what_waits_ends_with_the_face_it_was_about(what):
    known = house()
    known.see(order(SUE, ENROL))
    assert refusal(known, SVEN, what) is None
    waits = {about: asked.operator for (_, about), asked in known.state.asked.items()}
    assert waits == ({} if what is WITHDRAW else {BOB: SVEN})
    assert BOB not in known.state.faces


def test_who_lost_the_right_to_enrol_is_no_first_of_two():
    known = house()
    known.see(order(SUE, ENROL))
    known.see(st.OperatorEnrolled("test", Operator(SUE, Role.GUARD)))
    assert refusal(known, SVEN, CONFIRM) is Refusal.NO_FACE


def test_at_the_box_itself_a_face_is_enrolled_as_people_are_with_no_operator_to_agree():
    known = house()
    known.see(st.FaceEnrolled("root at the box", BOB, "dlib", "mean", "sealed"))
    assert not known.state.enrolled[BOB].asleep


def test_a_withdrawn_face_is_no_longer_looked_for_at_once():
    known = house()
    known.see(swipe(CELLAR_IN, BOB))
    (pending,) = known.state.challenges.values()
    assert StopFace(pending.request) in known.see(order(SUE, WITHDRAW)).effects
    gone = house()
    gone.see(swipe(CELLAR_IN, BOB))
    assert any(isinstance(e, StopFace) for e in gone.see(st.FaceGone("root", BOB, "left")).effects)
    assert BOB not in gone.state.faces


def test_a_portrait_is_compared_only_while_there_is_somebody_to_compare():
    known = house()
    known.see(order(SUE, KEEP))
    assert refusal(known, GIL, COMPARE) is Refusal.NOTHING_TO_COMPARE
    known.see(swipe(CELLAR_IN, BOB))
    known.face(outcome=FaceOutcome.NOT_LIVE)
    (alarm,) = known.alarms(AlarmKind.SPOOFED_FACE)
    assert alarm.detail == BOB
    assert refusal(known, GIL, COMPARE) is None
    assert known.events[-1] == ev.PortraitCompared(GIL, BOB)
    known.see(order(SUE, replace(KEEP, cardholder=EVE)))
    assert refusal(known, GIL, replace(COMPARE, cardholder=EVE)) is Refusal.NOTHING_TO_COMPARE


def test_a_reader_asks_the_eyes_for_what_the_site_file_says():
    known = house(liveness=Liveness.CHALLENGE)
    (asked,) = [e for e in known.see(swipe(CELLAR_IN, BOB)).effects if isinstance(e, AskFace)]
    assert asked.liveness is Liveness.CHALLENGE


@pytest.mark.parametrize(
    ("gesture", "light"),
    [
        (Gesture.TURN_LEFT, Light.TURN_LEFT),
        (Gesture.TURN_RIGHT, Light.TURN_RIGHT),
        (Gesture.CLOSE_EYES, Light.CLOSE_EYES),
    ],
)
def test_a_gesture_is_asked_for_at_the_reader_and_stands_in_the_log(gesture, light):
    known = house(liveness=Liveness.CHALLENGE)
    known.see(swipe(CELLAR_IN, BOB))
    (pending,) = known.state.challenges.values()
    asked = known.see(st.GestureWanted(pending.request, CELLAR_CAMERA, gesture))
    assert asked.effects == (Signal(CELLAR_IN, light),)
    assert asked.events == (ev.GestureAsked(pending.request, CELLAR_IN, CELLAR_CAMERA, gesture),)


def test_a_gesture_for_another_challenge_camera_or_time_is_none():
    known = house(liveness=Liveness.CHALLENGE)
    known.see(swipe(CELLAR_IN, BOB))
    (pending,) = known.state.challenges.values()
    wanted = st.GestureWanted(pending.request, CELLAR_CAMERA, Gesture.TURN_LEFT)
    assert known.see(replace(wanted, camera=LOBBY_CAMERA)).events == ()
    assert known.see(replace(wanted, request="r99")).events == ()
    known.face(outcome=FaceOutcome.MATCHED)
    assert known.see(wanted).events == ()


def test_a_listed_face_raises_the_alarm_where_the_site_has_it_approved_and_nowhere_else():
    spotted = st.FaceSpotted(LOBBY_CAMERA, BOB, 0.3)
    known = house()
    known.see(spotted)
    assert known.alarms(AlarmKind.WATCH_LIST_HIT) == []  # nobody listed them
    known.see(order(SVEN, LIST))
    known.see(replace(spotted, camera=CELLAR_CAMERA))
    assert known.alarms(AlarmKind.WATCH_LIST_HIT) == []
    known.see(spotted)
    (alarm,) = known.alarms(AlarmKind.WATCH_LIST_HIT)
    assert (alarm.source.camera, alarm.detail) == (LOBBY_CAMERA, BOB)
    known.site = replace(known.site, faces=FaceRules())
    known.see(order(SVEN, UNLIST))
    assert len(of_kind(ev.AlarmRaised, known.see(spotted).events)) == 0
