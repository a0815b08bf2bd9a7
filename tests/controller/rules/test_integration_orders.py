"""Orders about programs: a row per refusal, on the boundary, and what each comes to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.ids import OperatorId, ZoneId
from controller.domain.integration_orders import (
    AddWebhook,
    IssueToken,
    RemoveWebhook,
    RevokeToken,
    RotateWebhook,
    integration_subject,
)
from controller.domain.integrations import LONGEST_TOKEN, ApiToken, Integrations, Scope, Webhook
from controller.domain.operator_orders import AppointOperator, ResetOperator, WithdrawOperator
from controller.domain.operators import LockDoor, Operator, Refusal, Role
from tests.controller.builders import FRONT, GIL, LOBBY, SUE, order, quiet_house

SVEN, BMS = OperatorId("sven"), OperatorId("api:bms")
ORIGIN, URL = "https://192.0.2.20:8443", "https://192.0.2.20:8443/in"
HOOK = AddWebhook("siem", URL, frozenset({"alarm_raised"}), "SIEM")


def house():
    made = quiet_house()
    made.site = replace(made.site, integrations=Integrations(frozenset({ORIGIN})))
    for operator in (Operator(SVEN, Role.SECURITY_OFFICER), Operator(OperatorId("lena"), Role.SECURITY_OFFICER)):
        made.see(st.OperatorEnrolled("test", operator))
    return made


def token(made, **changes):
    until = made.now.wall + timedelta(days=1)
    asked = IssueToken(BMS, frozenset({Scope.ORDER_DOORS}), frozenset({LOBBY}), until, "building automation")
    return replace(asked, **changes)


def refusal(made, who, what):
    return next((e.why for e in made.see(order(who, what)).events if isinstance(e, ev.OrderRefused)), None)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"zones": None}, None),
        ({"token": GIL}, Refusal.ALREADY_SO),
        ({"token": OperatorId("bms")}, Refusal.NO_SUCH_TOKEN),
        ({"scopes": frozenset()}, Refusal.NO_SUCH_TOKEN),
        ({"zones": frozenset()}, Refusal.UNKNOWN_ZONE),
        ({"zones": frozenset({LOBBY, ZoneId("attic")})}, Refusal.UNKNOWN_ZONE),
        ({"reason": " "}, Refusal.REASON_NEEDED),
    ],
    ids=str,
)
def test_why_a_token_is_refused(changes, why):
    made = house()
    assert refusal(made, SVEN, token(made, **changes)) is why


@pytest.mark.parametrize(
    ("after", "why"),
    [
        (timedelta(0), Refusal.UNTIL_NOT_ALLOWED),
        (timedelta(microseconds=1), None),
        (LONGEST_TOKEN, None),
        (LONGEST_TOKEN + timedelta(microseconds=1), Refusal.UNTIL_NOT_ALLOWED),
    ],
    ids=str,
)
def test_a_token_ends_within_a_year(after, why):
    made = house()
    assert refusal(made, SVEN, token(made, expires=made.now.wall + after)) is why


@pytest.mark.parametrize(
    "what", [RevokeToken(BMS, ""), HOOK, RemoveWebhook("siem", ""), RotateWebhook("siem")], ids=str
)
def test_nobody_but_a_security_officer_gives_any_of_them(what):
    made = house()
    assert refusal(made, SUE, what) is Refusal.NOT_YOUR_ROLE
    assert refusal(made, GIL, token(made)) is Refusal.NOT_YOUR_ROLE
    made.see(st.OperatorEnrolled("test", Operator(SVEN, Role.SECURITY_OFFICER, zones=frozenset({LOBBY}))))
    assert refusal(made, SVEN, what) is Refusal.NOT_YOUR_ZONE
    assert refusal(made, SVEN, token(made)) is Refusal.NOT_YOUR_ZONE


def test_a_program_is_a_guard_within_its_zones_until_it_is_revoked():
    made = house()
    asked = token(made)
    made.see(order(SVEN, asked))
    assert made.state.programs[BMS] == ApiToken(BMS, asked.scopes, asked.zones, asked.expires)
    assert made.state.operators[BMS] == Operator(BMS, Role.GUARD, zones=asked.zones)
    assert refusal(made, BMS, LockDoor(FRONT)) is None
    assert refusal(made, SVEN, asked) is Refusal.ALREADY_SO
    made.see(order(SVEN, RevokeToken(BMS, "")))
    assert BMS not in made.state.programs
    assert refusal(made, BMS, LockDoor(FRONT)) is Refusal.UNKNOWN_OPERATOR
    assert refusal(made, SVEN, RevokeToken(BMS, "")) is Refusal.NO_SUCH_TOKEN


def test_no_order_makes_a_person_of_a_program():
    made = house()
    made.see(order(SVEN, token(made)))
    for what in (
        AppointOperator(BMS, Role.SUPERVISOR, None, "promoted"),
        ResetOperator(BMS, "lost"),
        WithdrawOperator(BMS, "gone"),
    ):
        assert refusal(made, SVEN, what) is Refusal.NO_SUCH_OPERATOR
    assert refusal(made, BMS, RevokeToken(BMS, "")) is Refusal.NOT_YOUR_ROLE


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"url": f"{ORIGIN}/other"}, None),
        ({"url": "https://192.0.2.20/in"}, Refusal.TARGET_NOT_ALLOWED),
        ({"url": "https://192.0.2.20:8443@evil.example/in"}, Refusal.TARGET_NOT_ALLOWED),
        ({"url": "http://192.0.2.20:8443/in"}, Refusal.TARGET_NOT_ALLOWED),
        ({"url": "https://127.0.0.1:8443/in"}, Refusal.TARGET_NOT_ALLOWED),
        ({"url": "file:///etc/passwd"}, Refusal.TARGET_NOT_ALLOWED),
        ({"reason": ""}, Refusal.REASON_NEEDED),
    ],
    ids=str,
)
def test_why_a_webhook_is_refused(changes, why):
    assert refusal(house(), SVEN, replace(HOOK, **changes)) is why


def test_a_webhook_comes_changes_its_secret_and_goes():
    made = house()
    assert refusal(made, SVEN, RotateWebhook("siem")) is Refusal.NO_SUCH_WEBHOOK
    made.see(order(SVEN, HOOK))
    assert made.state.webhooks["siem"] == Webhook("siem", URL, frozenset({"alarm_raised"}))
    assert refusal(made, SVEN, HOOK) is Refusal.ALREADY_SO
    rotated = made.see(order(SVEN, RotateWebhook("siem"))).events
    assert rotated == (ev.WebhookSecretRotated(SVEN, "siem"),)
    made.see(order(SVEN, RemoveWebhook("siem", "moved")))
    assert not made.state.webhooks
    assert refusal(made, SVEN, RemoveWebhook("siem", "moved")) is Refusal.NO_SUCH_WEBHOOK


def test_what_each_is_about():
    made = house()
    assert integration_subject(token(made)) == integration_subject(RevokeToken(BMS, "")) == BMS
    assert {integration_subject(what) for what in (HOOK, RemoveWebhook("siem", ""), RotateWebhook("siem"))} == {"siem"}
