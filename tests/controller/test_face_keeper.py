"""The eyes' watch list follows the log and the policy, and is empty where the site has none approved."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from immutables import Map

from controller.domain import events as ev
from controller.domain.faces import FaceRules, FaceWatch
from controller.face_keeper import FaceKeeper
from tests.controller.builders import BOB, LOBBY_CAMERA, small_site

RULES = FaceRules(watch_list=FaceWatch("DPIA-7", frozenset({LOBBY_CAMERA})))


class Eyes:
    def __init__(self):
        self.told = []

    def look_for(self, cameras, people):
        self.told.append((set(cameras), set(people)))


def runtime(rules, *people):
    state = SimpleNamespace(listed_faces=Map(dict.fromkeys(people)))
    return SimpleNamespace(site=replace(small_site(), faces=rules), state=state, listen=lambda hear: None)


def test_listed_people_are_looked_for_by_the_cameras_that_are_named():
    eyes = Eyes()
    FaceKeeper(runtime(RULES, BOB), eyes)
    assert eyes.told == [({LOBBY_CAMERA}, {BOB})]


def test_without_an_approved_assessment_the_eyes_hold_nobodys_template():
    eyes = Eyes()
    FaceKeeper(runtime(FaceRules(), BOB), eyes)
    assert eyes.told == [(set(), set())]


def test_a_face_that_is_withdrawn_leaves_the_eyes_with_its_record():
    eyes, box = Eyes(), runtime(RULES, BOB)
    keeper = FaceKeeper(box, eyes)
    box.state.listed_faces = Map()
    keeper.heard(SimpleNamespace(event=ev.FaceWithdrawn("t", BOB, "because")))
    keeper.heard(SimpleNamespace(event=ev.BoxStopped()))
    assert eyes.told[1:] == [({LOBBY_CAMERA}, set())]
