"""What proves who an operator is: their own code generator, passkeys, recovery codes and password."""

from __future__ import annotations

import asyncio
from typing import Annotated
from urllib.parse import quote

import segno
from fastapi import APIRouter, Path, Request, Response

from api import passkeys
from api.problems import Problem
from api.routes.session import complete
from api.schemas_operators import (
    AccountOut,
    ChangePasswordIn,
    CodeIn,
    PasskeyIn,
    PasskeyOptionsOut,
    PasskeyOut,
    RecoveryCodesOut,
    TotpOut,
)
from api.security import Api, Context, Fresh, Ordering, OwnPage, SignedIn, Watching, demand_fresh
from api.sessions import Stage
from api.signing import address_of, throttle
from controller.domain.roles import FactorChange, SecondFactor

router = APIRouter(tags=["account"], prefix="/account")

ISSUER = "Ostiary"


@router.get("")
async def account(who: Watching, api: Context) -> AccountOut:
    """Return what the operator has set up."""
    factors, operator = api.facade.factors, who.operator
    known = await asyncio.to_thread(factors.passkeys, operator.id)
    methods = await asyncio.to_thread(factors.methods, operator.id)
    return AccountOut(
        operator=operator.id,
        role=operator.role,
        second_factor_required=_required(api, who),
        totp=SecondFactor.TOTP in methods,
        passkeys=[PasskeyOut(id=one.id, name=one.name, added=one.added) for one in known],
        recovery_codes_left=await asyncio.to_thread(factors.recovery_codes_left, operator.id),
    )


@router.post("/totp")
async def begin_totp(who: OwnPage, api: Context) -> TotpOut:
    """Begin to set a code generator up. It counts once a code of it was shown."""
    _may_enrol(api, who)
    try:
        secret = await asyncio.to_thread(api.facade.factors.begin_totp, who.operator.id)
    except ValueError as error:
        raise Problem(409, "totp_known", "A code generator is set up already: remove it first.") from error
    site = api.facade.moment().site.name
    label = quote(f"{ISSUER} {site}:{who.operator.id}")
    uri = f"otpauth://totp/{label}?secret={secret}&issuer={quote(f'{ISSUER} {site}')}"
    size, path = drawn(uri)
    return TotpOut(secret=secret, uri=uri, size=size, path=path)


@router.post("/totp/confirm")
async def confirm_totp(
    asked: CodeIn, who: OwnPage, request: Request, response: Response, api: Context
) -> RecoveryCodesOut:
    """Take the code generator into use. Completes a first sign-in."""
    _may_enrol(api, who)
    throttle(api, who.operator.id, address_of(request))
    right = await asyncio.to_thread(api.facade.factors.confirm_totp, who.operator.id, asked.code, api.wall())
    if not right:
        raise Problem(409, "wrong_code", "This code is not the one of now. Look at both clocks.")
    return await _added(api, who, SecondFactor.TOTP, request, response)


@router.delete("/totp", status_code=204)
async def drop_totp(who: Fresh, api: Context) -> None:
    """Forget the code generator."""
    await _refuse_last(api, who, SecondFactor.TOTP)
    if await asyncio.to_thread(api.facade.factors.drop_totp, who.operator.id):
        await api.facade.factor_changed(who.operator.id, SecondFactor.TOTP, FactorChange.REMOVED)


@router.post("/passkeys/options")
async def passkey_options(who: OwnPage, request: Request, api: Context) -> PasskeyOptionsOut:
    """Return what to ask a new passkey."""
    _may_enrol(api, who)
    return PasskeyOptionsOut(options=await passkeys.to_register(api, who, request))


@router.post("/passkeys")
async def add_passkey(
    asked: PasskeyIn, who: OwnPage, request: Request, response: Response, api: Context
) -> RecoveryCodesOut:
    """Keep a new passkey. Completes a first sign-in."""
    _may_enrol(api, who)
    await passkeys.registered(api, who, asked.name, asked.passkey, request)
    return await _added(api, who, SecondFactor.PASSKEY, request, response)


@router.delete("/passkeys/{passkey}", status_code=204)
async def drop_passkey(passkey: Annotated[str, Path(max_length=1024)], who: Fresh, api: Context) -> None:
    """Forget a passkey."""
    known = await asyncio.to_thread(api.facade.factors.passkeys, who.operator.id)
    if [one.id for one in known] == [passkey]:
        await _refuse_last(api, who, SecondFactor.PASSKEY)
    if not await asyncio.to_thread(api.facade.factors.drop_passkey, who.operator.id, passkey):
        raise Problem(404, "no_such_passkey", "There is no such passkey.")
    await api.facade.factor_changed(who.operator.id, SecondFactor.PASSKEY, FactorChange.REMOVED)


@router.post("/recovery-codes")
async def new_recovery_codes(who: Fresh, api: Context) -> RecoveryCodesOut:
    """Make new recovery codes; the old ones count no longer."""
    codes = await asyncio.to_thread(api.facade.factors.make_recovery_codes, who.operator.id)
    await api.facade.factor_changed(who.operator.id, SecondFactor.RECOVERY_CODE, FactorChange.ADDED)
    return RecoveryCodesOut(recovery_codes=codes)


@router.post("/password", status_code=204)
async def change_password(asked: ChangePasswordIn, who: Ordering, request: Request, api: Context) -> None:
    """Choose another password. Every other sign-in of this operator ends."""
    address = address_of(request)
    throttle(api, who.operator.id, address)
    async with api.passwords:
        changed = await api.facade.change_password(who.operator.id, asked.password, asked.new_password, address)
    if not changed:
        raise Problem(409, "password_refused", "Your password is not right, or the new one cannot be taken.")
    for one in api.sessions.of(who.operator.id, api.facade.mono()):
        if one.ident != who.session.ident:
            api.sessions.close_one(who.operator.id, one.ident)


def drawn(text: str) -> tuple[int, str]:
    """Return a QR code: how many modules it is wide, and the SVG path data of its dark ones."""
    matrix = segno.make(text, error="m", micro=False).matrix
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark)
    return len(matrix), path


def _may_enrol(api: Api, who: SignedIn) -> None:
    """At a first sign-in the password was just given; later on, only whoever has just proved who they are may."""
    if who.session.stage is Stage.PROVE:
        raise Problem(403, "second_factor_needed", "Show the second factor that you have first.")
    if who.session.stage is Stage.FULL:
        if api.idle_locked(who.session):
            raise Problem(423, "console_locked", "Nobody has been at this console for a while. Say who you are.")
        demand_fresh(api, who)


async def _added(
    api: Api, who: SignedIn, factor: SecondFactor, request: Request, response: Response
) -> RecoveryCodesOut:
    operator, factors = who.operator.id, api.facade.factors
    await api.facade.factor_changed(operator, factor, FactorChange.ADDED)
    codes = None
    if not await asyncio.to_thread(factors.recovery_codes_left, operator):
        codes = await asyncio.to_thread(factors.make_recovery_codes, operator)
    if who.session.stage is Stage.ENROL:
        await api.facade.signed_in(operator, address_of(request), factor)
        complete(api, who, request, response)
    return RecoveryCodesOut(recovery_codes=codes)


async def _refuse_last(api: Api, who: SignedIn, going: SecondFactor) -> None:
    """Raise ``Problem`` 409 where nothing would be left of what this operator needs."""
    methods = await asyncio.to_thread(api.facade.factors.methods, who.operator.id)
    left = methods - {going, SecondFactor.RECOVERY_CODE}
    if not left and _required(api, who):
        raise Problem(409, "last_second_factor", "It is your only second factor: set up another one first.")


def _required(api: Api, who: SignedIn) -> bool:
    rules = api.facade.moment().site.console
    return not rules.password_suffices(who.operator.role, who.session.address)
