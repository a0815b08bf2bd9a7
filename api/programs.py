"""Programs that ask with a token: what each scope opens, and how often one may ask. Everything else is closed to them.

No scope opens what takes a person: signing in, a fresh second factor, agreeing as a second one, people's records.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from limits import RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import HTTPConnection

from api.problems import Problem
from controller.domain.ids import OperatorId
from controller.domain.integrations import TOKEN_PREFIX, ApiToken, Scope

if TYPE_CHECKING:
    from api.security import Api

BEARER = "Bearer "
MARK = "ost_"
"""What every token begins with, so that a leaked one is recognised by whoever searches for secrets."""
NAME = r"[a-z][a-z0-9-]{0,39}"
_TOKEN = re.compile(rf"{BEARER}{MARK}({NAME})\.([A-Za-z0-9_-]{{20,100}})")

OPENS: Mapping[Scope, frozenset[tuple[str, str]]] = MappingProxyType(
    {
        Scope.READ_STATE: frozenset({("GET", "/api/site"), ("GET", "/api/view")}),
        Scope.READ_EVENTS: frozenset({("GET", "/api/events"), ("GET", "/api/stream")}),
        Scope.READ_METRICS: frozenset({("GET", "/metrics")}),
        Scope.ORDER_DOORS: frozenset(
            ("POST", f"/api/doors/{{door}}/{order}") for order in ("unlock", "lock", "block", "unblock")
        ),
        Scope.HANDLE_ALARMS: frozenset(
            ("POST", f"/api/alarms/{{alarm}}/{order}") for order in ("acknowledge", "steps", "escalate", "close")
        ),
    }
)
"""The routes of each scope."""

ORDERS = frozenset({Scope.ORDER_DOORS, Scope.HANDLE_ALARMS})

PER_TOKEN = (RateLimitItemPerSecond(20), RateLimitItemPerMinute(600))
WRONG_PER_ADDRESS = RateLimitItemPerMinute(20)
"""Guesses at a secret of 256 bits; whoever makes more has a fault, or is one."""


@dataclass(slots=True)
class Rates:
    """How often each program asked, and each address guessed."""

    _window: MovingWindowRateLimiter = field(default_factory=lambda: MovingWindowRateLimiter(MemoryStorage()))

    def take(self, token: OperatorId) -> None:
        """Count a request. Raises ``Problem`` 429 where there were too many."""
        for item in PER_TOKEN:
            if not self._window.hit(item, "token", token):
                raise _slow_down(self._window.get_window_stats(item, "token", token).reset_time)

    def wrong(self, address: str) -> None:
        """Count a wrong token. Raises ``Problem`` 429 where there were too many."""
        if not self._window.hit(WRONG_PER_ADDRESS, "wrong", address):
            raise _slow_down(self._window.get_window_stats(WRONG_PER_ADDRESS, "wrong", address).reset_time)

    def refuse_guesser(self, address: str) -> None:
        """Raise ``Problem`` 429 for an address that guessed too often: a right token is not found there either."""
        if not self._window.test(WRONG_PER_ADDRESS, "wrong", address):
            raise _slow_down(self._window.get_window_stats(WRONG_PER_ADDRESS, "wrong", address).reset_time)


def token_text(token: OperatorId, secret: str) -> str:
    """Return what a program says of itself, without ``Bearer``."""
    return f"{MARK}{token.removeprefix(TOKEN_PREFIX)}.{secret}"


def known_program(api: Api, authorization: str) -> ApiToken | None:
    """Return whose token this is, if it counts now."""
    said = _TOKEN.fullmatch(authorization)
    if said is None:
        return None
    name = OperatorId(TOKEN_PREFIX + said[1])
    state = api.facade.moment().state
    token = state.programs.get(name)
    right = api.facade.programs.token_counts(name, said[2])
    if token is None or not right or name not in state.operators or api.wall() >= token.expires:
        return None
    return token


def admitted(api: Api, connection: HTTPConnection, authorization: str) -> ApiToken:
    """Return the program that asks for a route it may; waits for a disk once a minute. Raises ``Problem``."""
    address = connection.client.host if connection.client else "unknown"
    api.rates.refuse_guesser(address)
    token = known_program(api, authorization)
    if token is None:
        api.rates.wrong(address)
        problem = "This token is not known, was revoked, or has expired."
        raise Problem(401, "token_not_valid", problem, {"WWW-Authenticate": "Bearer"})
    api.rates.take(token.id)
    scope = scope_of(connection)
    if scope is None:
        raise Problem(403, "not_for_tokens", "This takes a person who is signed in.")
    if scope not in token.scopes:
        raise Problem(403, "scope_needed", f"This token lacks the scope {scope.value}.")
    if scope in ORDERS and not api.facade.moment().state.clock_trusted:
        raise Problem(403, "clock_not_trusted", "The box does not trust its clock: no token's end is certain.")
    if api.facade.programs.token_used(token.id, api.wall()):
        api.facade.programs.keep_use(token.id)
    return token


def scope_of(connection: HTTPConnection) -> Scope | None:
    """Return the scope that opens the route of a request; None where none does."""
    asked = connection.scope["method"], connection.scope["route"].path
    if asked[1] not in ("/metrics",) and not asked[1].startswith("/api"):
        asked = asked[0], f"/api{asked[1]}"
    return next((scope for scope, routes in OPENS.items() if asked in routes), None)


def _slow_down(reset: float) -> Problem:
    wait = max(1, math.ceil(reset - time.time()))
    return Problem(429, "too_many_requests", "Too many requests; wait a little.", {"Retry-After": str(wait)})
