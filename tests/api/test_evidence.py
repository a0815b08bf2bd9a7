"""Evidence over the API: by two with the right to it, on the record before its first byte, and nothing in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from controller.domain.operators import Refusal, Role
from controller.domain.record_orders import ExportEvidence, subject
from controller.domain.records import Asked, Purpose
from controller.runtime.evidence import Chosen, NotChosen, NotHandedOut, Wanted
from tests.api.fakes import CAMERA, GUARD, SECOND, FakeFacade, browser, problem, sign_in

pytestmark = pytest.mark.anyio

CLIP = "clips.cam-1.2026-11-21.120000000-7"
ASKED = {"purpose": "investigation", "case": "AZ-8", "events": [7, 7, 3], "pixelated": True}
ORDER = ExportEvidence(Purpose.INVESTIGATION, "AZ-8", (CLIP,), (3, 7), (CAMERA,), pixelated=True)
URL = "/api/evidence/export"


class FakeDesk:
    """A desk that keeps what it was asked."""

    def __init__(self) -> None:
        self.wanted: list[object] = []
        self.wrong: Exception | None = None
        self.packed: list[object] = []

    async def choose(self, wanted, *, silent):
        self.wanted.append((wanted, silent))
        if isinstance(self.wrong, NotChosen):
            raise self.wrong
        return Chosen((CLIP,), (3, 7), (CAMERA,))

    async def examine(self, chosen, witness, *, masked):
        self.masked = masked
        if self.wrong is not None:
            raise self.wrong

    async def package(self, order, second, witness):
        self.packed.append((order, second, witness))
        for part in (b"PK", b"rest"):
            yield part


@pytest.fixture
def building():
    facade = FakeFacade()
    facade.evidence = FakeDesk()
    return facade


async def test_the_first_is_told_to_wait_and_the_second_gets_it(building):
    async with browser(building) as client:
        headers = await sign_in(client, SECOND)
        waiting = Asked(SECOND, datetime(2026, 11, 21, tzinfo=UTC))
        asked = building.state.asked.set(("export_evidence", subject(ORDER)), waiting)
        before, building.state = building.state, replace(building.state, asked=asked)
        answer = await client.post(URL, json=ASKED, headers=headers)
        assert (answer.status_code, answer.json()["recordings"], answer.json()["records"]) == (202, [CLIP], [3, 7])
        assert not building.evidence.packed
        building.state = before
        answer = await client.post(URL, json={**ASKED, "witness": "seen"}, headers=headers)
        assert (answer.status_code, answer.content) == (200, b"PKrest")
        assert answer.headers["content-type"] == "application/zip"
        assert answer.headers["cache-control"] == "no-store"
        assert building.tape[-1] == (SECOND, ORDER)
        assert building.evidence.packed == [(ORDER, SECOND, "seen")]
        assert building.evidence.wanted[0] == (Wanted(events=(3, 7)), True)


async def test_masked_copies_are_examined_as_such_and_ordered_as_such(building):
    async with browser(building) as client:
        headers = await sign_in(client, SECOND)
        for masked in (True, False):
            await client.post(URL, json={**ASKED, "masked": masked}, headers=headers)
            assert building.evidence.masked is masked
            assert building.tape[-1] == (SECOND, replace(ORDER, masked=masked))


async def test_who_has_no_right_to_it_is_not_even_looked_for(building):
    async with browser(building) as client:
        headers = await sign_in(client, GUARD)
        assert problem(await client.post(URL, json=ASKED, headers=headers)) == (403, "not_your_role")
        assert not building.evidence.wanted


async def test_refused_is_refused_and_packs_nothing(building):
    async with browser(building) as client:
        headers = await sign_in(client, SECOND)
        building.refusal = Refusal.SECOND_PERSON_NEEDED
        answer = await client.post(URL, json=ASKED, headers=headers)
        assert problem(answer) == (409, "second_person_needed")
        assert not building.evidence.packed


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (NotChosen("there is no record 7"), (404, "nothing_chosen")),
        (NotHandedOut("a veil hangs"), (409, "not_handed_out")),
    ],
)
async def test_what_cannot_be_handed_out_is_said_before_anybody_orders_it(building, wrong, expected):
    building.evidence.wrong = wrong
    async with browser(building) as client:
        headers = await sign_in(client, SECOND)
        assert problem(await client.post(URL, json=ASKED, headers=headers)) == expected
        assert not [entry for entry in building.tape if isinstance(entry[1], ExportEvidence)]


async def test_a_building_without_films_and_a_time_without_a_zone_are_said_so(building):
    async with browser(building) as client:
        headers = await sign_in(client, SECOND)
        wrong = {**ASKED, "since": "2026-11-21T12:00:00"}
        assert problem(await client.post(URL, json=wrong, headers=headers)) == (422, "invalid_request")
        building.evidence = None
        assert problem(await client.post(URL, json=ASKED, headers=headers)) == (404, "no_evidence")
        assert building.operators[SECOND].role is Role.SUPERVISOR
