"""Second factors over the API: what a password alone opens, and every way on from there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest

from api.security import STEP_UP_SECONDS, TRIES_PER_OPERATOR, TRIES_PER_OPERATOR_AND_ADDRESS
from api.sessions import PARTIAL_SECONDS
from api.signing import WRONG_PROOFS
from controller.domain import events as ev
from controller.domain.console import IDLE_SECONDS, ConsoleRules
from controller.domain.operator_orders import ResetOperator
from controller.domain.operators import EndLockdown, LockDoor, Operator, Panic, Role, StartLockdown
from controller.domain.roles import FactorChange, SecondFactor
from tests.api.fakes import ALICE, AUDITOR, GATE, GUARD, NOON, PASSWORD, SECOND, browser, problem

pytestmark = pytest.mark.anyio

ORIGIN = "http://127.0.0.1"
LOCK = f"/api/doors/{GATE}/lock"


def with_totp(facade, who=GUARD):
    """Give an operator a code generator; return it, with the code of a step that is not used up."""
    secret = facade.factors.begin_totp(who)
    assert facade.factors.confirm_totp(who, pyotp.TOTP(secret).at(NOON - timedelta(seconds=30)), NOON)
    return pyotp.TOTP(secret).at(NOON)


async def begin(client, who=GUARD, password=PASSWORD):
    answer = await client.post("/api/session", json={"operator": who, "password": password})
    assert answer.status_code == 200, answer.text
    return answer.json(), {"X-CSRF-Token": answer.json()["csrf"], "Origin": ORIGIN}


async def signed_in(client, code, who=GUARD):
    _, headers = await begin(client, who)
    answer = await client.post("/api/session/second-factor", json={"code": code}, headers=headers)
    assert answer.status_code == 200, answer.text
    return {**headers, "X-CSRF-Token": answer.json()["csrf"]}


async def test_a_password_alone_opens_nothing_until_a_code_was_shown(facade):
    code = with_totp(facade)
    async with browser(facade) as client:
        me, headers = await begin(client)
        assert (me["stage"], me["methods"]) == ("prove", ["totp"])
        before = client.cookies["ostiary_session"]
        for verb, path in (("GET", "/api/site"), ("GET", "/api/stream"), ("POST", LOCK), ("POST", "/api/panic")):
            assert problem(await client.request(verb, path, headers=headers)) == (403, "second_factor_needed")
        begun = await client.post("/api/account/totp", headers=headers)
        assert problem(begun) == (403, "second_factor_needed")  # the one that is set up is to be shown
        answer = await client.post("/api/session/second-factor", json={"code": code}, headers=headers)
        assert answer.json()["stage"] == "full"
        assert client.cookies["ostiary_session"] != before
        assert answer.json()["csrf"] != me["csrf"]
        assert (await client.get("/api/site")).status_code == 200
        client.cookies.clear()
        client.cookies.set("ostiary_session", before)
        assert problem(await client.get("/api/me")) == (401, "not_signed_in")
    assert ("signed_in", GUARD, SecondFactor.TOTP) in facade.tape


async def test_a_code_that_was_seen_over_the_shoulder_is_worth_nothing(facade):
    code = with_totp(facade)
    async with browser(facade) as client:
        await signed_in(client, code)
        _, headers = await begin(client)
        again = await client.post("/api/session/second-factor", json={"code": code}, headers=headers)
    assert problem(again) == (401, "wrong_second_factor")
    assert ("factor_refused", GUARD) in facade.tape


async def test_wrong_codes_end_the_sign_in_and_are_told(facade):
    code = with_totp(facade)
    wrong = "000000" if code != "000000" else "111111"
    async with browser(facade) as client:
        _, headers = await begin(client)
        for _ in range(WRONG_PROOFS):
            answer = await client.post("/api/session/second-factor", json={"code": wrong}, headers=headers)
            assert problem(answer) == (401, "wrong_second_factor")
        answer = await client.post("/api/session/second-factor", json={"code": code}, headers=headers)
        assert problem(answer) == (401, "not_signed_in")
    assert facade.tape.count(("factor_refused", GUARD)) == WRONG_PROOFS


async def test_codes_are_throttled_with_the_passwords(facade):
    with_totp(facade)
    async with browser(facade) as client:
        said = []
        for _ in range(TRIES_PER_OPERATOR_AND_ADDRESS + 1):
            answer = await client.post("/api/session", json={"operator": GUARD, "password": PASSWORD})
            said.append(answer.status_code)
    assert said == [200] * TRIES_PER_OPERATOR_AND_ADDRESS + [429]


async def test_half_a_sign_in_lasts_five_minutes(facade):
    with_totp(facade)
    async with browser(facade) as client:
        await begin(client)
        facade.clock += PARTIAL_SECONDS - 0.1
        assert (await client.get("/api/me")).status_code == 200
        facade.clock += 0.1
        assert (await client.get("/api/me")).status_code == 401


async def test_a_recovery_code_signs_in_once(facade):
    with_totp(facade)
    code = facade.factors.make_recovery_codes(GUARD)[0]
    async with browser(facade) as client:
        for expected in (200, 401):
            _, headers = await begin(client)
            answer = await client.post("/api/session/second-factor", json={"recovery_code": code}, headers=headers)
            assert answer.status_code == expected


async def test_a_first_sign_in_sets_a_code_generator_up_and_gets_recovery_codes(facade):
    facade.must_prove.add(SECOND)
    async with browser(facade) as client:
        me, headers = await begin(client, SECOND)
        assert me["stage"] == "enrol"
        assert problem(await client.get("/api/site")) == (403, "second_factor_needed")
        made = (await client.post("/api/account/totp", headers=headers)).json()
        assert made["uri"].startswith("otpauth://totp/")
        assert made["secret"] in made["uri"]
        assert made["path"].startswith("M0 0h1v1h-1z")  # the finder's corner
        code = pyotp.TOTP(made["secret"]).at(NOON)
        wrong = await client.post("/api/account/totp/confirm", json={"code": "x"}, headers=headers)
        assert problem(wrong) == (409, "wrong_code")
        done = await client.post("/api/account/totp/confirm", json={"code": code}, headers=headers)
        assert len(done.json()["recovery_codes"]) == 10
        me = (await client.get("/api/me")).json()
        assert (me["stage"], me["methods"]) == ("full", ["recovery_code", "totp"])
    assert ("factor_changed", SECOND, SecondFactor.TOTP, FactorChange.ADDED) in facade.tape


async def test_the_last_second_factor_stays_where_it_is_asked_for(facade):
    code = with_totp(facade)
    async with browser(facade) as client:
        headers = await signed_in(client, code)
        kept = await client.delete("/api/account/totp", headers=headers)
        assert problem(kept) == (409, "last_second_factor")
        facade.site = replace(facade.site, console=ConsoleRules(frozenset({"127.0.0.1"})))
        assert (await client.delete("/api/account/totp", headers=headers)).status_code == 204
    assert facade.factors.methods(GUARD) == frozenset()


async def test_an_idle_console_takes_no_orders_but_the_two_that_save_lives_and_shows_everything(facade):
    async with browser(facade) as client:
        _, headers = await begin(client)
        facade.clock += IDLE_SECONDS - 0.1
        assert (await client.post(LOCK, headers=headers)).status_code == 202
        facade.clock += IDLE_SECONDS - 0.1
        assert (await client.post("/api/session/active", headers=headers)).status_code == 204
        facade.clock += IDLE_SECONDS
        assert (await client.get("/api/me")).json()["locked"] is True
        assert (await client.get("/api/site")).status_code == 200
        for path, body in ((LOCK, None), ("/api/alarms/a1/acknowledge", None), ("/api/session/active", None)):
            assert problem(await client.post(path, json=body, headers=headers)) == (423, "console_locked")
        assert (await client.post("/api/panic", headers=headers)).status_code == 202
        assert (await client.post("/api/lockdown", json={"reason": "shots"}, headers=headers)).status_code == 202
        wrong = await client.post("/api/session/unlock", json={"password": "x"}, headers=headers)
        assert problem(wrong) == (401, "wrong_password")
        nothing = await client.post("/api/session/unlock", json={}, headers=headers)
        assert problem(nothing) == (422, "proof_needed")
        assert (await client.post(LOCK, headers=headers)).status_code == 423
        assert (
            await client.post("/api/session/unlock", json={"password": PASSWORD}, headers=headers)
        ).status_code == 204
        assert (await client.post(LOCK, headers=headers)).status_code == 202
        assert (await client.post("/api/session/lock", headers=headers)).status_code == 204
        assert (await client.post(LOCK, headers=headers)).status_code == 423
    orders = [order for _, order, *_ in facade.tape if isinstance(order, LockDoor | Panic | StartLockdown)]
    assert orders == [LockDoor(GATE), Panic(), StartLockdown("shots"), LockDoor(GATE)]


async def test_unlocking_by_force_works_as_always_and_shows_nothing_silent_from_then_on(facade):
    facade.duress[SECOND] = "the other password"
    async with browser(facade) as client:
        _, headers = await begin(client, SECOND)
        body = {"password": "the other password"}
        assert (await client.post("/api/session/unlock", json=body, headers=headers)).status_code == 204
        (session,) = client.app.state.api.sessions.of(SECOND, facade.clock)
    assert session.watched


async def test_what_is_dangerous_takes_a_fresh_proof(facade):
    async with browser(facade) as client:
        _, headers = await begin(client)
        facade.clock += STEP_UP_SECONDS - 0.1
        await client.post("/api/lockdown/end", headers=headers)
        facade.clock += 0.1
        for path, body in (
            ("/api/lockdown/end", None),
            ("/api/threat-level", {"level": 0, "reason": "x"}),
            (f"/api/people/{ALICE}/erase", {"reason": "x"}),
            ("/api/people/export", {"purpose": "audit", "case": ""}),
            ("/api/operators/x/withdraw", {"reason": "x"}),
            ("/api/pending/agree", {"order": "end_lockdown", "subject": ""}),
            ("/api/account/totp", None),
        ):
            assert problem(await client.post(path, json=body, headers=headers)) == (403, "step_up_needed"), path
        raised = await client.post("/api/threat-level", json={"level": 2, "reason": "x"}, headers=headers)
        assert raised.status_code == 202  # to be stricter waits for nothing
        assert (
            await client.post("/api/session/step-up", json={"password": PASSWORD}, headers=headers)
        ).status_code == 204
        assert (await client.post("/api/lockdown/end", headers=headers)).status_code == 202
    assert [order for _, order, *_ in facade.tape].count(EndLockdown()) == 2


async def test_who_has_a_second_factor_steps_up_with_it_and_not_with_the_password(facade):
    code = with_totp(facade)
    recovery = facade.factors.make_recovery_codes(GUARD)[0]
    async with browser(facade) as client:
        headers = await signed_in(client, code)
        refused = await client.post("/api/session/step-up", json={"password": PASSWORD}, headers=headers)
        assert problem(refused) == (401, "wrong_second_factor")
        stepped = await client.post("/api/session/step-up", json={"recovery_code": recovery}, headers=headers)
        assert stepped.status_code == 204


async def test_own_sign_ins_are_listed_and_ended(facade):
    async with browser(facade) as first, browser(facade) as second:
        second.app.state.api.sessions = first.app.state.api.sessions
        _, headers = await begin(first)
        await begin(second)
        await begin(second, SECOND)  # takes the place of the one before in that browser
        await begin(second)
        listed = (await first.get("/api/sessions")).json()["sessions"]
        assert [one["current"] for one in listed] == [True, False]
        other = listed[1]["id"]
        assert (await first.delete(f"/api/sessions/{other}", headers=headers)).status_code == 204
        assert problem(await first.delete(f"/api/sessions/{other}", headers=headers)) == (404, "no_such_session")
        assert (await second.get("/api/me")).status_code == 401


async def test_changing_the_password_ends_every_other_sign_in(facade):
    async with browser(facade) as first, browser(facade) as second:
        second.app.state.api.sessions = first.app.state.api.sessions
        _, headers = await begin(first)
        await begin(second)
        body = {"password": PASSWORD, "new_password": "a brand new sentence"}
        wrong = await first.post("/api/account/password", json={**body, "password": "x"}, headers=headers)
        assert problem(wrong) == (409, "password_refused")
        assert (await first.post("/api/account/password", json=body, headers=headers)).status_code == 204
        assert (await first.get("/api/me")).status_code == 200
        assert (await second.get("/api/me")).status_code == 401


async def test_who_begins_anew_is_signed_out_everywhere(facade):
    async with browser(facade) as client:
        await begin(client)
        facade.operators[GUARD] = Operator(GUARD, Role.GUARD, resets=1)
        assert (await client.get("/api/me")).status_code == 401


async def test_guesses_from_many_addresses_are_slowed_but_never_at_the_operators_own_post(facade):
    async with browser(facade) as client:
        await begin(client)  # the post is known from here on
        api = client.app.state.api
        waits = [api.by_account.wait(GUARD, facade.clock) for _ in range(TRIES_PER_OPERATOR - 1)]
        assert waits[-1] == 0.0
        assert api.by_account.wait(GUARD, facade.clock) > 0.0
        await begin(client)
        api.places.clear()
        answer = await client.post("/api/session", json={"operator": GUARD, "password": PASSWORD})
    assert problem(answer) == (429, "too_many_tries")


def lockdown_asked(facade, by=GUARD):
    facade.record(ev.OperatorRecorded("t", Operator(GUARD, Role.GUARD)))
    facade.record(ev.LockdownStarted(by, "shots", 5.0))
    facade.record(ev.LockdownEndRequested(by))


AGREE = {"order": "end_lockdown", "subject": ""}


async def test_a_second_person_agrees_at_the_first_ones_console_with_everything_they_sign_in_with(facade):
    code = with_totp(facade, SECOND)
    lockdown_asked(facade)
    async with browser(facade) as client:
        _, headers = await begin(client)
        second = {"operator": SECOND, "password": PASSWORD}
        for wrong in (second, {**second, "code": "x"}, {**second, "password": "x", "code": code}):
            answer = await client.post("/api/pending/agree", json={**AGREE, "second": wrong}, headers=headers)
            assert answer.status_code == 401, wrong
        body = {**AGREE, "second": {**second, "code": code}}
        answer = await client.post("/api/pending/agree", json=body, headers=headers)
        assert problem(answer) == (409, "asked_anew")  # this building does not end it: it keeps a tape
        assert (await client.get("/api/me")).json()["operator"] == GUARD
    assert facade.tape[-1] == (SECOND, EndLockdown())


async def test_a_second_person_without_the_factor_they_need_signs_in_first(facade):
    facade.must_prove.add(SECOND)
    lockdown_asked(facade)
    async with browser(facade) as client:
        _, headers = await begin(client)
        body = {**AGREE, "second": {"operator": SECOND, "password": PASSWORD}}
        assert problem(await client.post("/api/pending/agree", json=body, headers=headers)) == (409, "sign_in_first")
        nothing = {**AGREE, "order": "erase_cardholder"}
        assert problem(await client.post("/api/pending/agree", json=nothing, headers=headers)) == (404, "nothing_waits")


async def test_a_reset_hands_out_a_one_time_password_and_ends_the_sign_ins(facade):
    facade.record(ev.SecondPersonAsked(SECOND, "reset_operator", GUARD, 72.0, "lost"))
    facade.operators[AUDITOR] = Operator(AUDITOR, Role.SUPERVISOR)

    async def order(operator, order):
        facade.tape.append((operator, order))
        facade.record(ev.OperatorReset(SECOND, operator, GUARD, "lost"))

    facade.order = order
    async with browser(facade) as victim, browser(facade) as client:
        victim.app.state.api.sessions = client.app.state.api.sessions
        await begin(victim)
        _, headers = await begin(client, AUDITOR)
        body = {"order": "reset_operator", "subject": GUARD}
        answer = await client.post("/api/pending/agree", json=body, headers=headers)
        assert answer.json() == {"ordered": True, "one_time_password": "fresh-one-time"}
        assert (await victim.get("/api/me")).status_code == 401
    assert (AUDITOR, ResetOperator(GUARD, "lost")) in facade.tape
