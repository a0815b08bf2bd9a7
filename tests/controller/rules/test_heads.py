"""Turning cameras: a row per refusal, on the boundary; what each role may; and that every order is written down."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.effects import MoveHead
from controller.domain.heads import (
    LONGEST_TURN,
    GoToPreset,
    Head,
    HeadDriver,
    KeepPreset,
    StopCamera,
    TurnCamera,
)
from controller.domain.ids import CameraId
from controller.domain.operators import TURNS, Operator, Refusal, Role, may_turn
from controller.rules.heads import LATEST, RIGHTS
from tests.controller.builders import ADA, CELLAR_CAMERA, LOBBY_CAMERA, order, quiet_house, small_site

HEAD = Head(HeadDriver.ONVIF, "camera:80", {1: "Door", 7: "Street"}, home=1)
LEFT = TurnCamera(CELLAR_CAMERA, -0.5, 0.25, 1.0, 2.0)
ORDERS = (LEFT, StopCamera(CELLAR_CAMERA), GoToPreset(CELLAR_CAMERA, 7), KeepPreset(CELLAR_CAMERA, 1))
FACTS = (
    ev.CameraTurnOrdered(CELLAR_CAMERA, ADA, -0.5, 0.25, 1.0, 2.0),
    ev.CameraStopOrdered(CELLAR_CAMERA, ADA),
    ev.CameraPresetOrdered(CELLAR_CAMERA, ADA, 7),
    ev.CameraPresetKept(CELLAR_CAMERA, ADA, 1),
)


def house(role=Role.SUPERVISOR, head=HEAD, live=None):
    site = small_site()
    camera = replace(site.cameras[CELLAR_CAMERA], head=head, live=live)
    known = quiet_house(replace(site, cameras={**site.cameras, CELLAR_CAMERA: camera}))
    known.see(st.OperatorEnrolled("test", Operator(ADA, role)))
    return known


def refusal(known, what):
    outcome = known.see(order(ADA, what))
    (event,) = outcome.events
    if not isinstance(event, ev.OrderRefused):
        return None
    assert outcome.effects == ()
    assert event.subject == what.camera
    return event.why


@pytest.mark.parametrize(("what", "fact"), list(zip(ORDERS, FACTS, strict=True)))
def test_an_order_is_written_down_and_asked_of_the_head(what, fact):
    known = house()
    outcome = known.see(order(ADA, what))
    assert outcome.events == (fact,)
    assert outcome.effects == (MoveHead(what, known.now.mono + LATEST),)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (StopCamera(CameraId("none")), Refusal.UNKNOWN_CAMERA),
        (StopCamera(LOBBY_CAMERA), Refusal.CANNOT_BE_TURNED),
        (replace(LEFT, seconds=0.0), Refusal.UNTIL_NOT_ALLOWED),
        (replace(LEFT, seconds=-1.0), Refusal.UNTIL_NOT_ALLOWED),
        (replace(LEFT, seconds=0.01), None),
        (replace(LEFT, seconds=LONGEST_TURN), None),
        (replace(LEFT, seconds=LONGEST_TURN + 0.01), Refusal.UNTIL_NOT_ALLOWED),
        (GoToPreset(CELLAR_CAMERA, 2), Refusal.UNKNOWN_PRESET),
        (KeepPreset(CELLAR_CAMERA, 2), Refusal.UNKNOWN_PRESET),
        (GoToPreset(CELLAR_CAMERA, 1), None),
    ],
)
def test_why_an_order_is_refused(what, why):
    assert refusal(house(), what) is why


MAY = {
    Role.GUARD: {TurnCamera, StopCamera, GoToPreset},
    Role.SUPERVISOR: {TurnCamera, StopCamera, GoToPreset, KeepPreset},
    Role.SECURITY_OFFICER: {TurnCamera, StopCamera, GoToPreset, KeepPreset},
    Role.TECHNICIAN: {TurnCamera, StopCamera, GoToPreset, KeepPreset},
    Role.AUDITOR: set(),
    Role.DATA_PROTECTION_OFFICER: set(),
}


@pytest.mark.parametrize("role", Role)
def test_each_role_may_do_this_and_nothing_else(role):
    assert set(RIGHTS[role]) == MAY[role]
    for what in ORDERS:
        assert refusal(house(role), what) is (None if type(what) in MAY[role] else Refusal.NOT_YOUR_ROLE)


@pytest.mark.parametrize("role", Role)
def test_a_cameras_sheet_takes_rights_away_and_gives_none(role):
    only_guards = replace(HEAD, turned_by=frozenset({Role.GUARD, Role.AUDITOR}))
    for what in ORDERS:
        mine = role is Role.GUARD and type(what) in MAY[role]
        assert refusal(house(role, only_guards), what) is (None if mine else Refusal.NOT_YOUR_ROLE)
        watched_by_none = house(role, live=frozenset({Role.AUDITOR}))
        assert refusal(watched_by_none, what) is Refusal.NOT_YOUR_ROLE, "nobody turns what they may not watch"


def test_a_camera_that_hangs_still_is_turned_by_nobody():
    camera = small_site().cameras[LOBBY_CAMERA]
    assert not any(may_turn(role, camera) for role in Role)
    assert {role for role in Role if may_turn(role, replace(camera, head=HEAD))} == TURNS


def test_somebody_with_zones_turns_the_cameras_of_those():
    known = house()
    known.see(st.OperatorEnrolled("test", Operator(ADA, Role.GUARD, zones=frozenset())))
    assert refusal(known, LEFT) is Refusal.NOT_YOUR_ZONE
