"""Signing in and out."""

from __future__ import annotations

import math

import structlog
from fastapi import APIRouter, Request, Response

from api.problems import Problem
from api.rights import MAY_ORDER
from api.schemas import DuressIn, MeOut, SignInIn
from api.security import Api, Context, Ordering, SignedIn, Watching, cookie_name, drop_cookie, set_cookie
from controller.domain.ids import OperatorId
from controller.domain.operators import Operator

log = structlog.get_logger()
router = APIRouter(tags=["session"])


@router.get("/me")
async def me(who: Watching) -> MeOut:
    """Return who is signed in."""
    return _me(who)


@router.post("/session")
async def sign_in(asked: SignInIn, request: Request, response: Response, api: Context) -> MeOut:
    """Sign in. Whatever session the browser brought ends; a one-time password counts only with a new one."""
    address = request.client.host if request.client else "unknown"
    operator, watched = await _checked(api, asked, address)
    api.sessions.close(request.cookies.get(cookie_name(request), ""))
    if asked.new_password is not None:
        api.sessions.close_all(operator.id)
    token, session = api.sessions.open(operator.id, api.facade.mono(), watched=watched)
    set_cookie(request, response, token)
    return _me(SignedIn(token, session, operator))


@router.delete("/session", status_code=204)
async def sign_out(who: Ordering, request: Request, response: Response, api: Context) -> None:
    """Sign out; open streams of this session end."""
    api.sessions.close(who.token)
    drop_cookie(request, response)
    await api.facade.signed_out(who.operator.id)


@router.post("/session/duress-password", status_code=204)
async def choose_duress(asked: DuressIn, who: Ordering, request: Request, api: Context) -> None:
    """Choose a second password that signs in as always, and tells the second station that somebody is forced."""
    _throttle(api, who.operator.id, request.client.host if request.client else "unknown")
    async with api.passwords:
        chosen = await api.facade.choose_duress(who.operator.id, asked.password, asked.duress_password)
    if not chosen:
        raise Problem(409, "duress_password_refused", "Your own password is not right, or the two are the same.")


async def _checked(api: Api, asked: SignInIn, address: str) -> tuple[Operator, bool]:
    """Return who a right password stands for, and whether by force. Raises ``Problem`` 401, 409 or 429."""
    operator = OperatorId(asked.operator)
    _throttle(api, operator, address)
    async with api.passwords:
        outcome = await api.facade.sign_in(operator, asked.password, new_password=asked.new_password, address=address)
    if outcome.new_password_needed:
        raise Problem(409, "new_password_needed", "This password works once: choose your own along with it.")
    if outcome.operator is None:
        raise Problem(401, "wrong_password", "The name or the password is not right.")
    api.by_operator.forget((operator, address))
    return outcome.operator, outcome.watched


def _throttle(api: Api, operator: OperatorId, address: str) -> None:
    mono = api.facade.mono()
    wait = max(api.by_operator.wait((operator, address), mono), api.by_address.wait(address, mono))
    if wait > 0:
        log.warning("sign-in throttled", seconds=round(wait))
        raise Problem(429, "too_many_tries", "Too many tries; wait a little.", {"Retry-After": str(math.ceil(wait))})


def _me(who: SignedIn) -> MeOut:
    role = who.operator.role
    return MeOut(operator=who.operator.id, role=role, csrf=who.session.csrf, may_order=list(MAY_ORDER[role]))
