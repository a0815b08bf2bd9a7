"""Who asks: session cookie, cross-site token, and the operator's right, looked up anew on every request."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Header
from starlette.requests import HTTPConnection
from starlette.responses import Response

from api.keys import Once
from api.metrics import Requests
from api.problems import Problem
from api.programs import Rates, admitted, known_program
from api.sessions import Session, Sessions, Stage, Throttle
from controller.domain.ids import OperatorId
from controller.domain.instant import Instant
from controller.domain.integrations import ApiToken
from controller.domain.operators import SEES_SILENT, Operator
from controller.runtime.facade import Facade

COOKIE = "ostiary_session"
SECURE_COOKIE = f"__Host-{COOKIE}"
"""The browser's own promise that no other host or path set it; it exists on https alone."""
CSRF_HEADER = "X-CSRF-Token"

TRIES_PER_OPERATOR_AND_ADDRESS = 10
TRIES_PER_ADDRESS = 40
TRIES_PER_OPERATOR = 60
"""From addresses where that operator never signed in: whoever guesses from many of them keeps nobody out at a post."""
THROTTLE_SECONDS = 60.0
"""High enough that the building's own brute-force alarm, which counts failures in the log, comes first."""
STEP_UP_SECONDS = 5 * 60.0
"""How long a second factor is fresh enough for what is dangerous."""
PLACES_REMEMBERED = 1024
PASSWORDS_AT_ONCE = 2
"""Argon2id takes 0.2 s of a core and 64 MiB: a flood of guesses may not starve the doors."""


@dataclass(slots=True)
class Api:
    """What every route needs. ``closing`` ends the streams when the server stops."""

    facade: Facade
    wall: Callable[[], datetime] = lambda: datetime.now(UTC)
    sessions: Sessions = field(default_factory=Sessions)
    by_operator: Throttle = field(default_factory=lambda: Throttle(TRIES_PER_OPERATOR_AND_ADDRESS, THROTTLE_SECONDS))
    by_address: Throttle = field(default_factory=lambda: Throttle(TRIES_PER_ADDRESS, THROTTLE_SECONDS))
    by_account: Throttle = field(default_factory=lambda: Throttle(TRIES_PER_OPERATOR, THROTTLE_SECONDS))
    places: dict[tuple[OperatorId, str], None] = field(default_factory=dict)
    rates: Rates = field(default_factory=Rates)
    requests: Requests = field(default_factory=Requests)
    once: Once = field(default_factory=Once)
    passwords: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PASSWORDS_AT_ONCE))
    closing: bool = False

    def now(self) -> Instant:
        """Return this moment."""
        return Instant(self.wall(), self.facade.mono())

    def remember_place(self, operator: OperatorId, address: str) -> None:
        """An operator signed in here: guesses from elsewhere do not slow them down here."""
        self.places[operator, address] = None
        while len(self.places) > PLACES_REMEMBERED:
            del self.places[next(iter(self.places))]

    def idle_locked(self, session: Session) -> bool:
        """Tell whether a session takes no orders until its operator proves who they are."""
        idle = self.facade.moment().site.console.idle_seconds
        return session.locked or self.facade.mono() >= session.active + idle


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The operator behind a request, with the right they have now."""

    token: str
    session: Session
    operator: Operator
    program: ApiToken | None = None
    """Set where no person asks, but a program with a token."""

    @property
    def sees_silent(self) -> bool:
        """Tell whether silent alarms are for these eyes."""
        return self.operator.role in SEES_SILENT and not self.session.watched


def api_of(connection: HTTPConnection) -> Api:
    """Return the API a request came in by."""
    found: Api = connection.app.state.api
    return found


Context = Annotated[Api, Depends(api_of)]


def cookie_name(connection: HTTPConnection) -> str:
    """Return the session cookie's name on this scheme."""
    return SECURE_COOKIE if is_https(connection) else COOKIE


def is_https(connection: HTTPConnection) -> bool:
    """Tell whether the request came encrypted."""
    return connection.url.scheme in ("https", "wss")


def set_cookie(connection: HTTPConnection, response: Response, token: str) -> None:
    """Hand the browser its token."""
    name, secure = cookie_name(connection), is_https(connection)
    response.set_cookie(name, token, path="/", secure=secure, httponly=True, samesite="strict")


def drop_cookie(connection: HTTPConnection, response: Response) -> None:
    """Make the browser forget its token."""
    name, secure = cookie_name(connection), is_https(connection)
    response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="strict")


def look_up(api: Api, token: str) -> SignedIn | None:
    """Return who a token stands for right now: None once the session ended or the right was withdrawn.

    A sign-in that still lacks its second factor stands for nobody.
    """
    found = look_up_entering(api, token)
    return found if found is not None and found.session.stage is Stage.FULL else None


def look_up_entering(api: Api, token: str) -> SignedIn | None:
    """Return who a token stands for, or is about to."""
    session = api.sessions.find(token, api.facade.mono())
    if session is None:
        return None
    operator = api.facade.operator(session.operator)
    if operator is None or operator.resets != session.resets:
        api.sessions.close_all(session.operator)
        return None
    return SignedIn(token, session, operator)


def look_up_again(api: Api, who: SignedIn) -> SignedIn | None:
    """Return who asked, as of now; None once the session ended, or a token was revoked or ran out."""
    if who.program is None:
        return look_up(api, who.token)
    program = known_program(api, who.token)
    return None if program is None else _asking(api, program, who.token)


def _asking(api: Api, program: ApiToken, token: str) -> SignedIn:
    """Return a program as whoever asks: it has no session but the request's own."""
    now = api.facade.mono()
    session = Session(program.id, "", opened=now, seen=now, active=now)
    return SignedIn(token, session, api.facade.moment().state.operators[program.id], program)


def entering(connection: HTTPConnection, api: Context) -> SignedIn:
    """Return who asks, however far their sign-in is. Raises ``Problem`` 401 for nobody.

    Whoever shows a token is a program, whatever cookie comes with it.
    """
    known: SignedIn | None = getattr(connection.state, "asking", None)
    if known is not None:  # looked up for this very request already
        return known
    authorization = connection.headers.get("authorization")
    if authorization is not None:
        connection.state.asking = _asking(api, admitted(api, connection, authorization), authorization)
        return connection.state.asking  # type: ignore[no-any-return] # set a line above
    found = look_up_entering(api, connection.cookies.get(cookie_name(connection), ""))
    if found is None:
        raise Problem(401, "not_signed_in", "Sign in first.")
    return found


Entering = Annotated[SignedIn, Depends(entering)]


def signed_in(who: Entering) -> SignedIn:
    """Return who asks. Raises ``Problem`` 401 for nobody, 403 for somebody who has yet to show a second factor."""
    if who.session.stage is not Stage.FULL:
        raise Problem(403, "second_factor_needed", "Show your second factor first.")
    return who


Watching = Annotated[SignedIn, Depends(signed_in)]


Token = Annotated[str, Header(alias=CSRF_HEADER)]


def own_page(who: Entering, token: Token = "") -> SignedIn:
    """Return who changes something of their own. Raises ``Problem`` 403 unless it carries the session's own token.

    A program's token comes with no cookie: no other page can send it.
    """
    if who.program is None and not hmac.compare_digest(token.encode(), who.session.csrf.encode()):
        raise Problem(403, "csrf_token_wrong", "The request lacks this session's token; reload the page.")
    return who


OwnPage = Annotated[SignedIn, Depends(own_page)]
"""Their own sign-in, however far it is."""


def ordering_even_locked(who: OwnPage, full: Watching) -> SignedIn:
    """Return who orders what no lock of the console may hold up."""
    return full if full.token == who.token else who


OrderingEvenLocked = Annotated[SignedIn, Depends(ordering_even_locked)]


def ordering(who: OrderingEvenLocked, api: Context) -> SignedIn:
    """Return who orders, and count it as a hand on the console. Raises ``Problem`` 423 while that is locked."""
    if api.idle_locked(who.session):
        raise Problem(423, "console_locked", "Nobody has been at this console for a while. Say who you are.")
    api.sessions.change(who.token, active=api.facade.mono())
    return who


Ordering = Annotated[SignedIn, Depends(ordering)]


def fresh(who: Ordering, api: Context) -> SignedIn:
    """Return who orders what is dangerous. Raises ``Problem`` 403 unless they proved who they are a moment ago."""
    demand_fresh(api, who)
    return who


Fresh = Annotated[SignedIn, Depends(fresh)]


def demand_fresh(api: Api, who: SignedIn) -> None:
    """Raise ``Problem`` 403 unless somebody proved who they are a moment ago."""
    if who.program is not None or api.facade.mono() >= who.session.proven + STEP_UP_SECONDS:
        raise Problem(403, "step_up_needed", "Show your second factor again: this order is a dangerous one.")
