import pytest

from api.sessions import ABSOLUTE_SECONDS, IDLE_SECONDS, KEYS_REMEMBERED, SESSIONS_PER_OPERATOR, Sessions, Throttle
from controller.domain.ids import OperatorId
from controller.domain.operators import Operator, Role
from controller.domain.passwords import Weakness
from controller.rules.order import RIGHTS
from tests.api.fakes import AUDITOR, GUARD, ONE_TIME, PASSWORD, browser, problem, sign_in

pytestmark = pytest.mark.anyio
NEW = {"operator": "new", "password": ONE_TIME}


async def test_nobody_is_signed_in_at_first(facade):
    async with browser(facade) as client:
        assert problem(await client.get("/api/me")) == (401, "not_signed_in")


async def test_signing_in_tells_who_and_what_may_be_ordered(facade):
    async with browser(facade) as client:
        answer = await client.post("/api/session", json={"operator": GUARD, "password": PASSWORD})
        me = (await client.get("/api/me")).json()
    assert answer.json() == me
    assert (me["operator"], me["role"]) == ("gil", "guard")
    assert "start_lockdown" in me["may_order"]
    assert "set_threat_level" not in me["may_order"]
    assert len(me["csrf"]) >= 43  # 256 bits in base64
    assert facade.tape == [("sign_in", GUARD, "127.0.0.1")]


@pytest.mark.parametrize("role", Role)
async def test_the_console_offers_exactly_what_the_rules_allow(facade, role):
    facade.operators[GUARD] = Operator(GUARD, role)
    async with browser(facade) as client:
        await sign_in(client)
        offered = (await client.get("/api/me")).json()["may_order"]
    assert {word.replace("_", "") for word in offered} == {order.__name__.lower() for order in RIGHTS[role]}


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(facade):
    async with browser(facade) as client:
        answer = await client.post("/api/session", json={"operator": GUARD, "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("ostiary_session=")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


async def test_on_https_the_cookie_is_secure_and_bound_to_the_host(facade):
    async with browser(facade, "https://127.0.0.1") as client:
        answer = await client.post("/api/session", json={"operator": GUARD, "password": PASSWORD})
        assert (await client.get("/api/me")).status_code == 200
    assert answer.headers["set-cookie"].startswith("__Host-ostiary_session=")
    assert "Secure" in answer.headers["set-cookie"]
    assert "max-age" in answer.headers["strict-transport-security"]


@pytest.mark.parametrize("who", [{"operator": GUARD, "password": "wrong"}, {"operator": "nobody", "password": "x"}])
async def test_a_wrong_name_and_a_wrong_password_look_the_same(facade, who):
    async with browser(facade) as client:
        answer = await client.post("/api/session", json=who)
    assert problem(answer) == (401, "wrong_password")
    assert "set-cookie" not in answer.headers


async def test_a_one_time_password_asks_for_a_new_one_and_works_once(facade):
    async with browser(facade) as client:
        assert problem(await client.post("/api/session", json=NEW)) == (409, "new_password_needed")
        chosen = NEW | {"new_password": "twelve chars"}
        assert (await client.post("/api/session", json=chosen)).json()["operator"] == "new"
        again = await client.post("/api/session", json={**NEW})
    assert problem(again) == (401, "wrong_password")


async def test_a_new_password_of_eleven_characters_is_too_weak(facade):
    async with browser(facade) as client:
        answer = await client.post("/api/session", json=NEW | {"new_password": "eleven char"})
    assert problem(answer) == (422, "weak_password")
    assert "eleven char" not in answer.text
    assert facade.tape == []


@pytest.mark.parametrize(
    ("why", "told"), [(Weakness.COMMON, "tried first"), (Weakness.NAMED, "your name or the mission's")]
)
async def test_a_password_that_nobody_may_choose_is_refused_with_what_to_do(facade, why, told):
    facade.weak["gil the guard"] = why
    async with browser(facade) as client:
        headers = await sign_in(client)
        changed = {"password": PASSWORD, "new_password": "gil the guard"}
        forced = {"password": PASSWORD, "duress_password": "gil the guard"}
        answers = [
            await client.post("/api/account/password", json=changed, headers=headers),
            await client.post("/api/session/duress-password", json=forced, headers=headers),
            await client.post("/api/session", json=NEW | {"new_password": "gil the guard"}),
        ]
        for answer in answers:
            assert problem(answer) == (422, why.value)
            assert told in answer.json()["detail"]
            assert "gil the guard" not in answer.text
        assert facade.duress == {}
        chosen = NEW | {"new_password": "twelve chars"}
        assert (await client.post("/api/session", json=chosen)).status_code == 200  # the one-time password still counts


async def test_a_new_password_ends_the_operators_other_sessions(facade):
    async with browser(facade) as client:
        await sign_in(client)
        client.app.state.api.sessions.open(OperatorId("new"), facade.clock)
        before = client.cookies["ostiary_session"]
        client.cookies.clear()
        changed = {"operator": GUARD, "password": PASSWORD, "new_password": "another long one"}
        assert (await client.post("/api/session", json=changed)).status_code == 200
        client.cookies.clear()
        client.cookies.set("ostiary_session", before)
        assert problem(await client.get("/api/me")) == (401, "not_signed_in")


async def test_a_session_planted_before_signing_in_is_worth_nothing(facade):
    async with browser(facade) as client:
        client.cookies.set("ostiary_session", "planted", domain="127.0.0.1")
        await sign_in(client)
        assert "planted" not in client.cookies.values()
        client.cookies.clear()
        client.cookies.set("ostiary_session", "planted")
        assert problem(await client.get("/api/me")) == (401, "not_signed_in")


async def test_signing_in_again_ends_the_session_before(facade):
    async with browser(facade) as client:
        await sign_in(client)
        before = client.cookies["ostiary_session"]
        await sign_in(client)
        client.cookies.clear()
        client.cookies.set("ostiary_session", before)
        assert problem(await client.get("/api/me")) == (401, "not_signed_in")


async def test_signing_out_ends_the_session_and_is_recorded(facade):
    async with browser(facade) as client:
        headers = await sign_in(client)
        token = client.cookies["ostiary_session"]
        assert (await client.delete("/api/session", headers=headers)).status_code == 204
        assert not client.cookies
        client.cookies.set("ostiary_session", token)
        assert problem(await client.get("/api/me")) == (401, "not_signed_in")
    assert facade.tape[-1] == ("signed_out", GUARD)


async def test_a_withdrawn_right_acts_on_the_next_request(facade):
    async with browser(facade) as client:
        await sign_in(client)
        operator = facade.operators.pop(GUARD)
        assert problem(await client.get("/api/view")) == (401, "not_signed_in")
        facade.operators[GUARD] = operator
        assert problem(await client.get("/api/view")) == (401, "not_signed_in")


async def test_a_changed_role_acts_on_the_next_request(facade):
    async with browser(facade) as client:
        await sign_in(client)
        facade.operators[GUARD] = Operator(GUARD, Role.AUDITOR)
        assert (await client.get("/api/me")).json()["role"] == "auditor"


async def test_the_eleventh_try_in_a_minute_waits_but_another_address_or_name_does_not(facade):
    wrong = {"operator": GUARD, "password": "wrong"}
    async with browser(facade) as client:
        for _ in range(10):
            assert problem(await client.post("/api/session", json=wrong)) == (401, "wrong_password")
        answer = await client.post("/api/session", json=wrong | {"password": PASSWORD})
        assert problem(answer) == (429, "too_many_tries")
        assert answer.headers["retry-after"] == "60"
        assert len(facade.tape) == 10
        await sign_in(client, AUDITOR)
        facade.clock += 60
        await sign_in(client)


async def test_one_address_may_not_try_name_after_name(facade):
    async with browser(facade) as client:
        tries = [{"operator": f"name-{n}", "password": "wrong"} for n in range(41)]
        answers = [problem(await client.post("/api/session", json=tried)) for tried in tries]
    assert answers == [(401, "wrong_password")] * 40 + [(429, "too_many_tries")]


def test_a_session_ends_when_it_was_idle_too_long():
    sessions = Sessions()
    token, _ = sessions.open(GUARD, 0)
    assert sessions.find(token, IDLE_SECONDS - 1) is not None
    assert sessions.find(token, 2 * IDLE_SECONDS - 2) is not None
    assert sessions.find(token, 3 * IDLE_SECONDS - 2) is None
    assert sessions.find(token, 0) is None


def test_a_session_ends_with_the_shift_however_busy():
    sessions = Sessions()
    token, _ = sessions.open(GUARD, 0)
    for minute in range(0, int(ABSOLUTE_SECONDS), 60):
        assert sessions.find(token, minute) is not None
    assert sessions.find(token, ABSOLUTE_SECONDS) is None


def test_the_oldest_session_makes_room_and_no_others_does():
    sessions = Sessions()
    other, _ = sessions.open(AUDITOR, 0)
    tokens = [sessions.open(GUARD, 0)[0] for _ in range(SESSIONS_PER_OPERATOR + 1)]
    assert [sessions.find(token, 0) is not None for token in tokens] == [False] + [True] * SESSIONS_PER_OPERATOR
    assert sessions.find(other, 0) is not None


def test_the_throttle_forgets_on_success_and_never_grows_without_bound():
    throttle = Throttle(1, 60)
    assert throttle.wait("key", 0) == 0
    assert throttle.wait("key", 20) == 40
    throttle.forget("key")
    assert throttle.wait("key", 20) == 0
    for key in range(2 * KEYS_REMEMBERED):
        throttle.wait(key, 20)
    assert len(throttle._tried) == KEYS_REMEMBERED
