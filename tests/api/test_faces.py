"""Faces over the API: verdicts per photo, a look-alike for a human, portraits on the record, and bounded bodies."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from controller.domain.events import CardholderRecorded, FaceConfirmed, FaceTemplateRecorded
from controller.domain.face_orders import ComparePortrait, ConfirmFace, WithdrawFace
from controller.domain.faces import FaceBasis, FaceRules
from controller.domain.operators import Operator, Refusal, Role
from controller.domain.people import Cardholder, CardholderKind
from controller.runtime.face_desk import FaceDesk
from controller.runtime.ports import NoFace
from tests.api.fakes import ALICE, GUARD, SECOND, browser, problem, sign_in
from tests.controller.runtime.test_face_desk import Eyes, Office

pytestmark = pytest.mark.anyio
PHOTO = base64.b64encode(b"jpeg").decode()
ENROL = {"images": [PHOTO, PHOTO], "basis": "consent", "reason": "form 12"}


@pytest.fixture
def desk(facade):
    """A desk with eyes; the operator is a supervisor."""
    facade.record(CardholderRecorded("t", Cardholder(ALICE, CardholderKind.STAFF, 2, frozenset()), "sealed"))
    facade.operators[GUARD] = Operator(GUARD, Role.SUPERVISOR)
    eyes = Eyes()
    facade.faces = FaceDesk(eyes, Office(), facade.order, lambda before: [])
    return eyes


async def posted(facade, path, body):
    async with browser(facade) as client:
        return await client.post(path, json=body, headers=await sign_in(client))


async def test_photos_are_tried_one_by_one_and_nothing_is_ordered(facade, desk):
    before = list(facade.tape)
    answer = await posted(facade, "/api/faces/try", {"images": [PHOTO]})
    assert answer.json() == {"photos": [{"problem": None}], "needed": 5}
    assert not [entry for entry in facade.tape if entry not in before and "Face" in str(entry)]


async def test_an_enrolment_that_is_kept(facade, desk):
    answer = await posted(facade, "/api/people/p-1/face", {**ENROL, "others": ["p-7", "p-8"]})
    told = answer.json()
    assert (told["enrolled"], told["photos"][1], told["alike"]) == (True, {"problem": "blurred"}, [])
    assert (told["used"], told["compared"], told["not_compared"]) == (5, 20, 1)


async def test_a_face_that_sleeps_is_told_as_such_and_confirmed_by_an_order(facade, desk):
    made = FaceTemplateRecorded("gil", ALICE, "engine-1", "mean", "t", FaceBasis.CONSENT, 5, asleep=True)
    facade.record(made)
    told = (await posted(facade, "/api/people/p-1/face", {**ENROL, "others": ["p-7", "p-8"]})).json()
    assert (told["enrolled"], told["asleep"]) == (True, True)
    read = (await posted(facade, "/api/people/p-1/read", {"purpose": "administration", "case": ""})).json()
    assert (read["face"], read["face_record"]["asleep"]) == (False, True)
    assert (await posted(facade, "/api/people/p-1/face/confirm", {})).status_code == 202
    assert facade.tape[-1] == (GUARD, ConfirmFace(ALICE))
    facade.record(FaceConfirmed(GUARD, SECOND, ALICE))
    told = (await posted(facade, "/api/people/p-1/face", {**ENROL, "others": ["p-7", "p-8"]})).json()
    assert (told["enrolled"], told["asleep"]) == (True, False)


async def test_who_looks_alike_is_shown_to_whoever_decides(facade, desk):
    facade.refusal = Refusal.FACE_ALIKE
    told = (await posted(facade, "/api/people/p-1/face", ENROL)).json()
    assert told["enrolled"] is False
    assert [one["id"] for one in told["alike"]] == ["p-7", "p-8"]


async def test_photos_that_will_not_do_say_why(facade, desk):
    desk.made = NoFace(("turned", ""), ("too_few_photos",))
    told = (await posted(facade, "/api/people/p-1/face", ENROL)).json()
    assert (told["enrolled"], told["problems"]) == (False, ["too_few_photos"])
    assert told["photos"] == [{"problem": "turned"}, {"problem": None}]


async def test_a_guard_enrols_nobody_and_the_eyes_do_not_work_for_one(facade, desk):
    facade.operators[GUARD] = Operator(GUARD, Role.GUARD)
    desk.made = None  # it would fail
    for path, body in (("/api/faces/try", {"images": [PHOTO]}), ("/api/people/p-1/face", ENROL)):
        assert problem(await posted(facade, path, body)) == (403, "not_your_role")


async def test_withdrawal_and_comparing_are_orders(facade, desk):
    answer = await posted(facade, "/api/people/p-1/face/withdraw", {"reason": "asked for"})
    assert answer.status_code == 202
    assert facade.tape[-1] == (GUARD, WithdrawFace(ALICE, "asked for"))
    answer = await posted(facade, "/api/people/p-1/portrait/compare", {})
    assert (GUARD, ComparePortrait(ALICE)) in facade.tape
    assert problem(answer) == (404, "no_portrait")


async def test_a_portrait_is_kept_only_where_the_site_allows_it(facade, desk):
    body = {"image": PHOTO, "reason": "for the guard"}
    assert problem(await posted(facade, "/api/people/p-1/portrait", body)) == (409, "portraits_not_allowed")
    facade.site = replace(facade.site, faces=FaceRules(portraits=True))
    assert (await posted(facade, "/api/people/p-1/portrait", body)).status_code == 202


async def test_photos_may_be_larger_than_other_bodies_for_whoever_is_signed_in_alone(facade, desk):
    large = {"images": [base64.b64encode(bytes(200_000)).decode()]}
    assert (await posted(facade, "/api/faces/try", large)).status_code == 200
    async with browser(facade) as client:
        assert (await client.post("/api/faces/try", json=large)).status_code == 413
    assert (await posted(facade, "/api/people/search", {**large, "purpose": "audit"})).status_code == 413
    too_large = {"images": [base64.b64encode(bytes(900_000)).decode()] * 4}
    assert (await posted(facade, "/api/faces/try", too_large)).status_code == 413


async def test_the_page_and_no_other_may_use_a_camera(facade):
    async with browser(facade) as client:
        assert "camera=(self)" in (await client.get("/api/health")).headers["Permissions-Policy"]
