"""The building as API and gateways see it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pyotp
import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.console import ConsoleRules
from controller.domain.events import OperatorSignedIn, OperatorSignInFailed
from controller.domain.ids import CardholderId
from controller.domain.operators import LockDoor, Operator, Refusal, Role, UnlockOnce
from controller.domain.passwords import Leaked, Weakness, WeakPassword
from controller.domain.roles import SecondFactor
from controller.runtime import runtime as module
from controller.runtime.building import Building as Facade
from controller.runtime.facade import Second, SignIn
from controller.runtime.runtime import HandlingFailed
from tests.api.fakes import factors_in_memory
from tests.controller.builders import BOB, FRONT, FRONT_IN, GIL, INNER_IN, badge_of, swipe
from tests.controller.runtime.tape import Building

pytestmark = pytest.mark.anyio

POST = "192.0.2.1"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Passwords:
    def __init__(self):
        self.known = {GIL: ("once", True)}
        self.duress = {}
        self.factors = factors_in_memory()

    def password_matches(self, operator, password):
        return self.known.get(operator, (None, False))[0] == password

    def duress_matches(self, operator, password):
        return self.duress.get(operator) == password

    def set_duress_password(self, operator, password):
        self.duress[operator] = password

    def password_is_one_time(self, operator):
        return self.known.get(operator, (None, False))[1]

    def set_password(self, operator, password, *, one_time):
        self.known[operator] = (password, one_time)

    def leaked(self):
        return Leaked(frozenset({"dragon"}), frozenset({"correcthorse"}))


class Guests:
    def seal_guest(self, name):
        return CardholderId("g-1"), f"sealed {len(name)}"

    def seal_text(self, kind, day, text):
        return f"sealed:text-{kind}-{day}:{len(text)}"

    def keep_new(self):
        pass

    def text(self, text):
        return text


@pytest.fixture
async def inner():
    inner = Building()
    yield inner
    inner.runtime.stop()


@pytest.fixture
def passwords():
    return Passwords()


@pytest.fixture
def building(inner, passwords):
    inner.runtime.site = replace(inner.runtime.site, console=ConsoleRules(frozenset({POST})))
    return Facade(inner.runtime, None, Guests(), passwords, None, inner.clock)


async def sign_in(building, password, new=None, operator=GIL):
    return await building.sign_in(operator, password, new_password=new, address=POST)


async def test_whom_a_guard_lets_through_never_reaches_the_rules_by_name(building, inner):
    assert await building.order(GIL, UnlockOnce(FRONT, "Jane Doe")) is None
    ordered = [record.event for record in inner.records if isinstance(record.event, ev.DoorUnlockOrdered)]
    assert [(event.whom, event.identity) for event in ordered] == [("g-1", "sealed 8")]
    assert "Jane" not in repr(inner.records)


async def test_an_order_says_why_it_is_refused(building):
    assert await building.order(GIL, LockDoor(FRONT)) is None
    assert await building.order(GIL, LockDoor("of-a-stranger")) is Refusal.UNKNOWN_DOOR


async def test_an_order_that_failed_is_never_called_accepted(building, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(module, "step", broken)
    with pytest.raises(HandlingFailed):
        await building.order(GIL, LockDoor(FRONT))


async def test_a_message_taken_is_known_by_its_boot_and_number(building):
    building.submit(st.Delivered("lock-front", "b1", 3, st.RexSeen(FRONT)))
    assert building.taken("lock-front", "b1", 3)
    assert building.taken("lock-front", "b1", 2)
    assert not building.taken("lock-front", "b1", 4)
    assert not building.taken("lock-front", "b2", 3)
    assert not building.taken("lock-inner", "b1", 3)


async def test_whose_pin_a_reader_waits_for(building):
    assert building.challenged(INNER_IN) is None
    building.submit(swipe(INNER_IN, BOB))
    assert building.challenged(INNER_IN) == badge_of(BOB)
    assert building.challenged(FRONT_IN) is None


async def test_a_duress_password_signs_in_as_always_and_tells_the_second_station(building, inner):
    await sign_in(building, "once", "my own")
    assert not await building.choose_duress(GIL, "guessed", "help me")
    assert not await building.choose_duress(GIL, "my own", "my own")
    assert await building.choose_duress(GIL, "my own", "help me")
    before = len(inner.records)
    assert await sign_in(building, "help me") == SignIn(operator=Operator(GIL, Role.GUARD), watched=True)
    signed_in, raised = [record.event for record in inner.records[before:]]
    assert signed_in == OperatorSignedIn(GIL, "192.0.2.1")
    assert (raised.kind, raised.silent, raised.detail) == (AlarmKind.DURESS, True, "gil signed in from 192.0.2.1")
    assert not (await sign_in(building, "my own")).watched


async def test_by_force_nothing_about_it_is_changed(building, passwords):
    await sign_in(building, "once", "my own")
    await building.choose_duress(GIL, "my own", "help me")
    assert await building.choose_duress(GIL, "help me", "never mind")  # answered as always
    assert passwords.duress == {GIL: "help me"}
    assert (await sign_in(building, "help me", "another one")).watched
    assert (await sign_in(building, "my own")).operator is not None


async def test_the_password_for_duress_is_never_chosen_as_the_own_one(building, passwords):
    passwords.duress[GIL] = "help me"
    assert await sign_in(building, "once", "help me") == SignIn(new_password_needed=True)


async def test_a_one_time_password_counts_only_with_its_successor(building, inner):
    assert await sign_in(building, "once") == SignIn(new_password_needed=True)
    assert inner.records == []
    assert (await sign_in(building, "once", "my own")).operator == Operator(GIL, Role.GUARD)
    assert await sign_in(building, "once") == SignIn(refused=True)
    assert (await sign_in(building, "my own")).operator is not None
    kinds = [type(record.event) for record in inner.records]
    assert kinds == [OperatorSignedIn, OperatorSignInFailed, OperatorSignedIn]


@pytest.mark.parametrize("operator", ["nobody", GIL])
async def test_a_wrong_password_and_a_wrong_name_are_the_same(building, operator):
    assert await sign_in(building, "wrong", operator=operator) == SignIn(refused=True)


async def test_the_moment_is_one(building, inner):
    building.submit(swipe(INNER_IN, BOB))
    moment = building.moment()
    assert (moment.seq, moment.state, moment.boot) == (inner.runtime.seq, inner.state, "boot-1")
    await asyncio.sleep(0)


async def test_away_from_the_post_a_guard_sets_up_and_then_shows_a_second_factor(building, inner, passwords):
    passwords.known[GIL] = ("my own", False)
    away = {"new_password": None, "address": "192.0.2.99"}
    assert (await building.sign_in(GIL, "my own", **away)).second is Second.ENROL
    secret = building.factors.begin_totp(GIL)
    assert building.factors.confirm_totp(GIL, pyotp.TOTP(secret).at(NOW), NOW)
    assert (await building.sign_in(GIL, "my own", **away)).second is Second.PROVE
    assert (await sign_in(building, "my own")).second is Second.PROVE  # who has one shows it at the post, too
    assert inner.records == []
    await building.signed_in(GIL, "192.0.2.99", SecondFactor.TOTP)
    assert inner.records[-1].event == ev.OperatorSignedIn(GIL, "192.0.2.99", SecondFactor.TOTP)


async def test_by_force_the_second_station_hears_of_it_before_any_second_factor(building, inner, passwords):
    passwords.known[GIL] = ("my own", False)
    passwords.duress[GIL] = "forced"
    outcome = await building.sign_in(GIL, "forced", new_password=None, address="192.0.2.99")
    assert (outcome.watched, outcome.second) == (True, Second.ENROL)
    (raised,) = [r.event for r in inner.records]
    assert (raised.kind, raised.silent) == (AlarmKind.DURESS, True)
    vouched = await building.vouch(GIL, "forced", address="192.0.2.1")
    assert vouched.watched
    assert [type(r.event) for r in inner.records] == [ev.AlarmRaised] * 2


async def test_another_password_is_kept_only_with_the_old_one_and_never_the_one_under_duress(building, passwords):
    passwords.known[GIL] = ("my own", False)
    passwords.duress[GIL] = "forced"
    assert not await building.change_password(GIL, "wrong", "a new sentence", POST)
    assert not await building.change_password(GIL, "my own", "forced", POST)
    assert await building.change_password(GIL, "forced", "a new sentence", POST)  # answered alike
    assert passwords.known[GIL] == ("my own", False)
    assert await building.change_password(GIL, "my own", "a new sentence", POST)
    assert passwords.known[GIL] == ("a new sentence", False)


@pytest.mark.parametrize(
    ("chosen", "why"),
    [("Correct Horse", Weakness.COMMON), ("dragon 2026-11", Weakness.COMMON), ("gil-gil-26", Weakness.NAMED)],
)
async def test_nobody_chooses_a_password_that_is_tried_first_or_tells_who_they_are(building, passwords, chosen, why):
    for ask in (
        lambda: building.sign_in(GIL, "once", new_password=chosen, address=POST),
        lambda: building.change_password(GIL, "once", chosen, POST),
        lambda: building.choose_duress(GIL, "once", chosen),
    ):
        with pytest.raises(WeakPassword) as refused:
            await ask()
        assert refused.value.why is why
    assert (passwords.known, passwords.duress) == ({GIL: ("once", True)}, {})
    wrong = await building.sign_in(GIL, "guessed", new_password=chosen, address=POST)
    assert wrong.refused  # whoever has no password learns nothing of the list
    assert not await building.change_password(GIL, "guessed", chosen, POST)
    assert not await building.choose_duress(GIL, "guessed", chosen)


async def test_the_name_of_the_mission_is_no_password(building, inner):
    with pytest.raises(WeakPassword) as refused:
        await building.sign_in(GIL, "once", new_password=f"{inner.runtime.site.name} 1", address=POST)
    assert refused.value.why is Weakness.NAMED
