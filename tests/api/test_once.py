"""Idempotency keys: an order that is sent twice counts once, also across a restart of the box."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from api.keys import KEYS_PER_OPERATOR, Once
from controller.domain.operators import LockDoor, Refusal, UnlockOnce
from controller.runtime.ports import KeptAnswer
from tests.api.fakes import GATE, GUARD, NOON, SECOND, browser, problem, sign_in

pytestmark = pytest.mark.anyio

UNLOCK = f"/api/doors/{GATE}/unlock"
COURIER = {"whom": "courier"}


def unlocks(facade):
    return [order for _, order, *_ in facade.tape if isinstance(order, UnlockOnce)]


async def kept(client):
    """Wait until what is written behind is written."""
    await asyncio.gather(*client.app.state.api.once._writing)


async def test_the_same_key_and_request_get_the_first_answer_and_the_door_opens_once(facade):
    async with browser(facade) as client:
        headers = {**await sign_in(client), "Idempotency-Key": "k1"}
        first = await client.post(UNLOCK, json=COURIER, headers=headers)
        again = await client.post(UNLOCK, json=COURIER, headers=headers)
    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (202, first.json())
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert len(unlocks(facade)) == 1


@pytest.mark.parametrize(("path", "body"), [(UNLOCK, {"whom": "other"}), ("/api/doors/vault/unlock", COURIER)])
async def test_another_request_under_the_same_key_is_refused(facade, path, body):
    async with browser(facade) as client:
        headers = {**await sign_in(client), "Idempotency-Key": "k1"}
        await client.post(UNLOCK, json=COURIER, headers=headers)
        assert problem(await client.post(path, json=body, headers=headers)) == (422, "idempotency_key_reused")
    assert len(unlocks(facade)) == 1


async def test_a_key_is_its_operators_own(facade):
    for who in (GUARD, SECOND):
        async with browser(facade) as client:
            headers = {**await sign_in(client, who), "Idempotency-Key": "k1"}
            await client.post(UNLOCK, json=COURIER, headers=headers)
    assert len(unlocks(facade)) == 2


async def test_what_was_refused_or_not_understood_leaves_its_key_free(facade):
    async with browser(facade) as client:
        headers = {**await sign_in(client), "Idempotency-Key": "k1"}
        facade.refusal = Refusal.DOOR_BLOCKED
        assert problem(await client.post(UNLOCK, json=COURIER, headers=headers)) == (409, "door_blocked")
        assert problem(await client.post(UNLOCK, json={"nobody": 1}, headers=headers)) == (422, "invalid_request")
        facade.refusal = None
        assert (await client.post(UNLOCK, json=COURIER, headers=headers)).status_code == 202


async def test_it_outlives_a_restart(facade):
    async with browser(facade) as client:
        headers = {**await sign_in(client), "Idempotency-Key": "k1"}
        await client.post(UNLOCK, json=COURIER, headers=headers)
        await kept(client)
    async with browser(facade) as client:  # another start: nothing in memory, the same disk
        headers = {**await sign_in(client), "Idempotency-Key": "k1"}
        again = await client.post(UNLOCK, json=COURIER, headers=headers)
        assert again.headers["idempotency-replayed"] == "true"
        other = await client.post(UNLOCK, json={"whom": "other"}, headers=headers)
        assert problem(other) == (422, "idempotency_key_reused")
    assert len(unlocks(facade)) == 1


async def test_of_an_order_that_a_restart_cut_short_nobody_says_what_came_of_it(facade):
    def dies(operator, order):
        raise OSError

    given, facade.order = facade.order, dies
    async with browser(facade) as client:
        headers = {**await sign_in(client), "Idempotency-Key": "k1"}
        assert problem(await client.post(UNLOCK, json=COURIER, headers=headers)) == (500, "internal_error")
        await kept(client)
    facade.order = given
    async with browser(facade) as client:
        headers = {**await sign_in(client), "Idempotency-Key": "k1"}
        assert problem(await client.post(UNLOCK, json=COURIER, headers=headers)) == (409, "outcome_unknown")
    assert not unlocks(facade)


async def test_after_a_day_a_key_is_new(facade):
    async with browser(facade) as client:
        await client.post(UNLOCK, json=COURIER, headers={**await sign_in(client), "Idempotency-Key": "k1"})
        await kept(client)
    async with browser(facade, wall=lambda: NOON + timedelta(days=1)) as client:
        headers = {**await sign_in(client), "Idempotency-Key": "k1"}
        assert (await client.post(UNLOCK, json=COURIER, headers=headers)).status_code == 202
    assert len(unlocks(facade)) == 2


async def test_a_disk_that_fails_holds_up_no_order(facade):
    class Full:
        def find(self, *_):
            raise OSError

        keep = forget = find

    facade.answers = Full()
    async with browser(facade) as client:
        headers = {**await sign_in(client), "Idempotency-Key": "k1"}
        for _ in range(2):
            answer = await client.post(f"/api/doors/{GATE}/lock", headers=headers)
            assert answer.status_code == 202
    assert [order for _, order, *_ in facade.tape if isinstance(order, LockDoor)] == [LockDoor(GATE)]


@pytest.mark.parametrize("key", ["", " ", "a" * 65, "a b", "ä"])
async def test_a_key_is_short_and_visible(facade, key):
    async with browser(facade) as client:
        headers = {**await sign_in(client), "Idempotency-Key": key.encode()}
        headers = {name: value if isinstance(value, bytes) else value.encode() for name, value in headers.items()}
        assert problem(await client.post(UNLOCK, json=COURIER, headers=headers)) == (422, "invalid_request")
    assert not unlocks(facade)


async def test_an_operator_has_so_many_keys_and_the_oldest_goes(facade):
    async with browser(facade) as client:
        api, once = client.app.state.api, Once()
        for number in range(KEYS_PER_OPERATOR + 1):
            once._known[GUARD, str(number)] = KeptAnswer("f", NOON, 202, b"{}")
        once._known[SECOND, "0"] = KeptAnswer("f", NOON, 202, b"{}")
        await once.begin(api, GUARD, "new", KeptAnswer("f", NOON, None, b""), urgent=False)
        await asyncio.gather(*once._writing)
    assert len([known for known in once._known if known[0] == GUARD]) == KEYS_PER_OPERATOR
    assert (SECOND, "0") in once._known
    assert (GUARD, "0") not in once._known


def test_what_is_kept_is_bounded_on_the_disk_too(facade):
    for number in range(5):
        answer = KeptAnswer("f", NOON + timedelta(seconds=number), 202, b"{}")
        facade.answers.keep(GUARD, str(number), answer, NOON, 3)
    assert [number for number in range(5) if facade.answers.find(GUARD, str(number)) is not None] == [2, 3, 4]
    facade.answers.keep(
        SECOND, "x", KeptAnswer("f", NOON + timedelta(days=1), 202, b""), NOON + timedelta(seconds=4), 3
    )
    assert facade.answers.find(GUARD, "3") is None
    assert facade.answers.find(GUARD, "4") is not None
