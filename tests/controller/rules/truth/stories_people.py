"""Stories of people: what they show and do not show, who comes with whom, and who is where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from controller.domain import stimuli as st
from controller.domain.decision import FaceOutcome
from controller.domain.ids import RequestId
from controller.domain.operators import (
    ConfirmPassage,
    RefusePassage,
    StartLockdown,
)
from controller.domain.people import CredentialStatus
from controller.domain.site import Factor, Site
from tests.controller.builders import (
    ALICE,
    BOB,
    CELLAR_CAMERA,
    CELLAR_IN,
    FRONT_IN,
    FRONT_OUT,
    GIL,
    GUARDS,
    INNER_IN,
    INNER_OUT,
    LOBBY,
    LOBBY_CAMERA,
    NORA,
    PEOPLE,
    badge,
    duress_pin,
    nobodys_pin,
    order,
    own_pin,
    personal,
    pin,
    strange_card,
    swipe,
    with_reader,
    with_zone,
    wrong_pin,
)
from tests.controller.rules.truth.acts import RESTART, Late, Script

R1, R2, R3 = RequestId("r1"), RequestId("r2"), RequestId("r3")


def pin_or_card(site: Site) -> Site:
    return with_zone(site, LOBBY, card_or_pin=True)


def searched(site: Site) -> Site:
    return replace(with_zone(pin_or_card(site), LOBBY, random_search_percent=10.0), random_search_percent=5.0)


def three_factors(site: Site) -> Site:
    return with_reader(site, INNER_IN, factors=frozenset({Factor.PIN, Factor.GUARD}), guard_seconds=30.0)


def pin_and_face(site: Site) -> Site:
    asked = frozenset({Factor.CARD, Factor.PIN, Factor.FACE})
    return with_reader(site, INNER_IN, factors=asked, camera=LOBBY_CAMERA, extended_challenge_seconds=25.0)


def face(request: RequestId, outcome: FaceOutcome, seen: float) -> st.FaceSeen:
    return st.FaceSeen(request, CELLAR_CAMERA, outcome, 0.4, 5, seen)


PEOPLES: Mapping[str, Script] = {
    "wrong PINs lock a badge out, for a minute, over a restart": [
        *(swipe(INNER_IN, ALICE), wrong_pin(INNER_IN)) * 2,
        RESTART,
        swipe(INNER_IN, ALICE),
        wrong_pin(INNER_IN),
        swipe(INNER_IN, ALICE),
        59.0,
        swipe(INNER_IN, ALICE),
        1.0,
        swipe(INNER_IN, ALICE),
        wrong_pin(INNER_IN),
        swipe(INNER_IN, ALICE),
        pin(INNER_IN, ALICE),
        swipe(INNER_IN, BOB),
        wrong_pin(INNER_IN),
    ],
    "a PIN is right, in the instant in which the challenge ends, and where none is asked for": [
        pin(FRONT_IN, ALICE),
        swipe(INNER_IN, ALICE),
        Late(pin(INNER_IN, ALICE), 10.0),
        swipe(INNER_IN, ALICE),
        Late(pin(INNER_IN, ALICE), 9.75),
        swipe(CELLAR_IN, BOB),
        pin(CELLAR_IN, BOB),
        st.PinEntered(INNER_IN, None),
    ],
    "somebody is forced as the challenge ends": [swipe(INNER_IN, ALICE), Late(duress_pin(INNER_IN, ALICE), 10.0)],
    "a badge is taken out while its PIN is asked for": [
        swipe(INNER_IN, ALICE),
        st.BadgeEnrolled("test", badge(ALICE, status=CredentialStatus.STOLEN)),
        pin(INNER_IN, ALICE),
        swipe(FRONT_IN, ALICE),
    ],
    "another badge takes the place of the one that is asked": [
        swipe(INNER_IN, ALICE),
        4.0,
        swipe(INNER_IN, BOB),
        pin(INNER_IN, ALICE),
        swipe(INNER_IN, BOB),
        10.0,
    ],
    "strange cards come in a burst": [
        *[strange_card(FRONT_IN, "token-x")] * 3,
        59.0,
        strange_card(FRONT_IN),
        strange_card(FRONT_IN),
        1.0,
        strange_card(FRONT_IN),
        strange_card(FRONT_IN),
        strange_card(FRONT_IN),
        strange_card(INNER_IN),
        st.CardPresented(FRONT_IN, "token-alice", "H10301", 26, "deadbe80", age=5.0),
        st.CardPresented(FRONT_IN, "token-alice", "H10301", 26, "deadbe80", age=5.5),
        st.CardPresented(FRONT_IN, "token-alice", "H10301", 26, "deadbe80", age=-6.0),
    ],
    "personal PINs, and those that are nobody's": [
        pin_or_card,
        personal(ALICE),
        own_pin(FRONT_IN, ALICE),
        6.0,
        own_pin(FRONT_IN, ALICE, forced=True),
        st.PinEntered(FRONT_IN, None, "token-bob"),
        own_pin(INNER_IN, ALICE),
        own_pin(INNER_OUT, ALICE),
        *[nobodys_pin(FRONT_IN)] * 3,
        839.0,
        nobodys_pin(FRONT_IN),
        own_pin(FRONT_IN, ALICE),
        59.0,
        own_pin(FRONT_IN, ALICE),
        1.0,
        own_pin(FRONT_IN, ALICE),
        nobodys_pin(FRONT_IN),
        RESTART,
        own_pin(FRONT_IN, ALICE),
        60.0,
        own_pin(FRONT_IN, ALICE),
        st.BadgeEnrolled("test", replace(personal(ALICE).credential, token="own-other", duress=None)),
        own_pin(FRONT_IN, ALICE),
        900.0,
        nobodys_pin(FRONT_IN),
    ],
    "a lot is drawn, and who walks away is searched the next time": [
        searched,
        personal(BOB),
        replace(swipe(FRONT_IN, ALICE), draw=999),
        order(GIL, ConfirmPassage(R1)),
        6.0,
        replace(swipe(FRONT_IN, ALICE), draw=1000),
        6.0,
        replace(swipe(FRONT_IN, ALICE), draw=5),
        60.0,
        replace(swipe(FRONT_IN, ALICE), draw=9999),
        order(GIL, RefusePassage(RequestId("r4"), "")),
        order(GIL, RefusePassage(RequestId("r4"), "a bottle")),
        replace(own_pin(FRONT_IN, BOB), draw=3),
        order(GIL, ConfirmPassage(RequestId("r5"))),
        replace(swipe(FRONT_OUT, BOB), draw=3),
    ],
    "a guard looks while a PIN is still to come": [
        three_factors,
        swipe(INNER_IN, ALICE),
        order(GIL, ConfirmPassage(R1)),
        order(GIL, ConfirmPassage(R2)),
        pin(INNER_IN, ALICE),
        6.0,
        swipe(INNER_IN, ALICE),
        pin(INNER_IN, ALICE),
        30.0,
    ],
    "three factors, one by one, by somebody who needs more time": [
        pin_and_face,
        st.PersonEnrolled("test", replace(PEOPLE[ALICE], extended_time=True), "sealed"),
        swipe(INNER_IN, ALICE),
        20.0,
        pin(INNER_IN, ALICE),
        replace(face(R1, FaceOutcome.MATCHED, 1041.0), camera=CELLAR_CAMERA),
        replace(face(R1, FaceOutcome.MATCHED, 1041.0), camera=LOBBY_CAMERA),
        6.0,
        swipe(INNER_IN, NORA),
        swipe(INNER_IN, BOB),
        order(GIL, StartLockdown("drill")),
    ],
    "faces that do not count": [
        swipe(CELLAR_IN, BOB),
        face(R1, FaceOutcome.MATCHED, 1020.0),
        face(R2, FaceOutcome.MATCHED, 1021.0),
        Late(face(R1, FaceOutcome.MATCHED, 1029.0), 10.0),
        swipe(CELLAR_IN, BOB),
        9.75,
        face(R2, FaceOutcome.BLURRED, 1035.0),
        swipe(CELLAR_IN, BOB),
        1.0,
        face(R3, FaceOutcome.NOBODY, 1050.0),
        st.BadgeEnrolled("test", badge(ALICE)),
        st.PersonEnrolled("test", replace(PEOPLE[NORA], levels=frozenset({GUARDS})), "sealed"),
        swipe(CELLAR_IN, NORA),
        10.0,
    ],
}
