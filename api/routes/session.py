"""Signing in and out, and saying again who one is."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api import passkeys
from api.problems import Problem
from api.rights import MAY_ORDER
from api.schemas import DuressIn, MeOut, SignInIn
from api.schemas_operators import AgainIn, PasskeyOptionsOut, ProofIn, SessionOut, SessionsOut
from api.security import (
    Api,
    Context,
    Entering,
    Ordering,
    OwnPage,
    SignedIn,
    Watching,
    cookie_name,
    drop_cookie,
    set_cookie,
)
from api.sessions import Stage
from api.signing import address_of, prove, prove_again, prove_password, throttle
from controller.domain.ids import OperatorId
from controller.runtime.facade import Second, SignIn

router = APIRouter(tags=["session"])

STAGES = {Second.NONE: Stage.FULL, Second.PROVE: Stage.PROVE, Second.ENROL: Stage.ENROL}


@router.get("/me")
async def me(who: Entering, api: Context) -> MeOut:
    """Return who is signed in, or is about to be."""
    return await me_of(api, who)


@router.post("/session")
async def sign_in(asked: SignInIn, request: Request, response: Response, api: Context) -> MeOut:
    """Sign in. Whatever session the browser brought ends; a one-time password counts only with a new one.

    ``stage`` says whether a second factor is still to be shown (``prove``) or to be set up (``enrol``).
    """
    outcome = await _checked(api, asked, address_of(request))
    operator = outcome.operator
    if operator is None:
        raise Problem(401, "wrong_password", "The name or the password is not right.")
    api.sessions.close(request.cookies.get(cookie_name(request), ""))
    if asked.new_password is not None:
        api.sessions.close_all(operator.id)
    token, session = api.sessions.open(
        operator.id,
        api.facade.mono(),
        watched=outcome.watched,
        stage=STAGES[outcome.second],
        address=address_of(request),
        agent=request.headers.get("user-agent", ""),
        began=api.wall(),
        resets=operator.resets,
    )
    if session.stage is Stage.FULL:
        api.remember_place(operator.id, session.address)
    set_cookie(request, response, token)
    return await me_of(api, SignedIn(token, session, operator))


@router.post("/session/second-factor")
async def show_second_factor(proof: ProofIn, who: OwnPage, request: Request, response: Response, api: Context) -> MeOut:
    """Complete a sign-in with a second factor. The token changes: what was known before it is worth nothing."""
    if who.session.stage is not Stage.PROVE:
        raise Problem(409, "not_asked_for", "No second factor is asked for here.")
    factor = await prove(api, who, proof, request)
    await api.facade.signed_in(who.operator.id, address_of(request), factor)
    return await me_of(api, complete(api, who, request, response))


@router.post("/session/passkey-options")
async def passkey_options(who: OwnPage, request: Request, api: Context) -> PasskeyOptionsOut:
    """Return what to ask one of the operator's passkeys."""
    return PasskeyOptionsOut(options=await passkeys.to_sign(api, who, request))


@router.post("/session/step-up", status_code=204)
async def step_up(again: AgainIn, who: Ordering, request: Request, api: Context) -> None:
    """Say again who one is, before a dangerous order."""
    watched = await prove_again(api, who, again, request) or who.session.watched
    api.sessions.change(who.token, proven=api.facade.mono(), watched=watched)


@router.post("/session/lock", status_code=204)
async def lock(who: OwnPage, api: Context) -> None:
    """Take no orders from here until the operator says who they are. Alarms go on being seen and heard."""
    api.sessions.change(who.token, locked=True)


@router.post("/session/unlock", status_code=204)
async def unlock(again: AgainIn, who: OwnPage, request: Request, api: Context) -> None:
    """Take orders again: the operator gives their password, or a passkey that has seen them."""
    if again.passkey is not None:
        await prove(api, who, again, request)
        watched = False
    elif again.password is not None:
        watched = await prove_password(api, who, again.password, request)
    else:
        raise Problem(422, "proof_needed", "Give your password, or a passkey.")
    mono = api.facade.mono()
    api.sessions.change(who.token, locked=False, active=mono, watched=watched or who.session.watched)


@router.post("/session/active", status_code=204)
async def active(who: Ordering) -> None:
    """Say that a hand is on the console. On a locked one it says nothing."""


@router.get("/sessions")
async def sessions(who: Watching, api: Context) -> SessionsOut:
    """Return the operator's own sign-ins."""
    mono = api.facade.mono()
    return SessionsOut(
        sessions=[
            SessionOut(
                id=one.ident,
                address=one.address,
                agent=one.agent,
                began=one.began,
                idle_seconds=max(0.0, mono - one.active),
                current=one.ident == who.session.ident,
            )
            for one in api.sessions.of(who.operator.id, mono)
        ]
    )


@router.delete("/sessions/{ident}", status_code=204)
async def end_session(ident: Annotated[str, Path(max_length=64)], who: Ordering, api: Context) -> None:
    """End one of the operator's own sign-ins; its streams end within a second."""
    if not api.sessions.close_one(who.operator.id, ident):
        raise Problem(404, "no_such_session", "There is no such sign-in, or no longer.")


@router.delete("/session", status_code=204)
async def sign_out(who: OwnPage, request: Request, response: Response, api: Context) -> None:
    """Sign out; open streams of this session end."""
    api.sessions.close(who.token)
    drop_cookie(request, response)
    if who.session.stage is Stage.FULL:
        await api.facade.signed_out(who.operator.id)


@router.post("/session/duress-password", status_code=204)
async def choose_duress(asked: DuressIn, who: Ordering, request: Request, api: Context) -> None:
    """Choose a second password that signs in as always, and tells the second station that somebody is forced."""
    throttle(api, who.operator.id, address_of(request))
    async with api.passwords:
        chosen = await api.facade.choose_duress(who.operator.id, asked.password, asked.duress_password)
    if not chosen:
        raise Problem(409, "duress_password_refused", "Your own password is not right, or the two are the same.")


async def _checked(api: Api, asked: SignInIn, address: str) -> SignIn:
    """Return what a right password comes to. Raises ``Problem`` 401, 409 or 429."""
    operator = OperatorId(asked.operator)
    throttle(api, operator, address)
    async with api.passwords:
        outcome = await api.facade.sign_in(operator, asked.password, new_password=asked.new_password, address=address)
    if outcome.new_password_needed:
        raise Problem(409, "new_password_needed", "This password works once: choose your own along with it.")
    if outcome.operator is not None and outcome.second is Second.NONE:
        api.by_operator.forget((operator, address))
    return outcome


def complete(api: Api, who: SignedIn, request: Request, response: Response) -> SignedIn:
    """Return a whole session in place of one that lacked its second factor, and hand the browser its new token."""
    api.sessions.close(who.token)
    token, session = api.sessions.open(
        who.operator.id,
        api.facade.mono(),
        watched=who.session.watched,
        address=who.session.address,
        agent=who.session.agent,
        began=api.wall(),
        resets=who.operator.resets,
    )
    api.remember_place(who.operator.id, session.address)
    set_cookie(request, response, token)
    return SignedIn(token, session, who.operator)


async def me_of(api: Api, who: SignedIn) -> MeOut:
    """Return who somebody is, as their own console shows it."""
    role, zones = who.operator.role, who.operator.zones
    return MeOut(
        operator=who.operator.id,
        role=role,
        csrf=who.session.csrf,
        may_order=list(MAY_ORDER[role]),
        stage=who.session.stage,
        methods=sorted(await asyncio.to_thread(api.facade.factors.methods, who.operator.id)),
        zones=None if zones is None else sorted(zones),
        locked=api.idle_locked(who.session),
        idle_seconds=api.facade.moment().site.console.idle_seconds,
    )
