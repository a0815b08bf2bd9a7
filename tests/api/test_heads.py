"""Turning cameras over the API: orders are passed on as they came, and a console is told what is its own to order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain.heads import GoToPreset, Head, HeadDriver, KeepPreset, StopCamera, TurnCamera
from controller.domain.operators import Operator, Refusal, Role
from tests.api.fakes import AUDITOR, CAMERA, GUARD, SECOND, YARD_CAMERA, FakeFacade, browser, problem, sign_in

pytestmark = pytest.mark.anyio

HEAD = Head(HeadDriver.ONVIF, "camera:80", {7: "Street", 1: "Gate"}, home=1)
AT = f"/api/cameras/{CAMERA}/head"


@pytest.fixture
def building():
    facade = FakeFacade()
    turning = replace(facade.site.cameras[CAMERA], head=HEAD)
    facade.site = replace(facade.site, cameras={**facade.site.cameras, CAMERA: turning})
    return facade


@pytest.mark.parametrize(
    ("path", "body", "order"),
    [
        ("/turn", {"pan": -1, "tilt": 0.5, "zoom": 0, "seconds": 2}, TurnCamera(CAMERA, -1.0, 0.5, 0.0, 2.0)),
        ("/turn", {"zoom": 1, "seconds": 5}, TurnCamera(CAMERA, 0.0, 0.0, 1.0, 5.0)),
        ("/stop", None, StopCamera(CAMERA)),
        ("/presets/7/go", None, GoToPreset(CAMERA, 7)),
        ("/presets/7/keep", None, KeepPreset(CAMERA, 7)),
    ],
)
async def test_an_order_is_passed_on_as_it_came(building, path, body, order):
    async with browser(building) as client:
        answer = await client.post(AT + path, json=body, headers=await sign_in(client))
        assert (answer.status_code, answer.json()) == (202, {"ordered": True, "code": None})
        assert building.tape[-1] == (GUARD, order)
        building.refusal = Refusal.NOT_YOUR_ROLE
        answer = await client.post(AT + path, json=body, headers=await sign_in(client))
        assert problem(answer) == (403, "not_your_role")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/turn", {"pan": 1.01, "seconds": 1}),
        ("/turn", {"tilt": -1.01, "seconds": 1}),
        ("/turn", {"zoom": "NaN", "seconds": 1}),
        ("/turn", {"pan": 1, "seconds": 0}),
        ("/turn", {"pan": 1, "seconds": 5.01}),
        ("/turn", {"pan": 1}),
        ("/turn", {"pan": 1, "seconds": 1, "for_ever": True}),
        ("/presets/0/go", None),
        ("/presets/256/keep", None),
    ],
)
async def test_what_no_head_can_do_is_no_order(building, path, body):
    async with browser(building) as client:
        answer = await client.post(AT + path, json=body, headers=await sign_in(client))
    assert answer.status_code == 422
    assert not any(isinstance(order, TurnCamera | GoToPreset | KeepPreset) for _, order, *_ in building.tape)


@pytest.mark.parametrize(
    ("role", "may_turn", "may_keep"),
    [(Role.GUARD, True, False), (Role.SUPERVISOR, True, True), (Role.TECHNICIAN, True, True)],
)
async def test_presets_are_told_with_what_is_ones_own_to_order(building, role, may_turn, may_keep):
    building.operators[SECOND] = Operator(SECOND, role)
    async with browser(building) as client:
        await sign_in(client, SECOND)
        answer = await client.get(AT)
    assert answer.json() == {
        "presets": [{"number": 1, "name": "Gate"}, {"number": 7, "name": "Street"}],
        "home": 1,
        "longest": 5.0,
        "may_turn": may_turn,
        "may_keep": may_keep,
    }


async def test_a_camera_that_hangs_still_or_is_not_ones_own_has_nothing_to_offer(building):
    async with browser(building) as client:
        await sign_in(client)
        assert problem(await client.get(f"/api/cameras/{YARD_CAMERA}/head")) == (409, "cannot_be_turned")
        assert problem(await client.get("/api/cameras/none/head")) == (404, "unknown_camera")
        site = (await client.get("/api/site")).json()
        assert {camera["id"]: camera["turns"] for camera in site["cameras"]} == {CAMERA: True, YARD_CAMERA: False}
    async with browser(building) as client:
        await sign_in(client, AUDITOR)
        assert problem(await client.get(AT)) == (403, "not_your_role")
