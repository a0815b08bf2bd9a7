"""Proving who somebody is: passwords, codes and passkeys, each counted against guessing."""

from __future__ import annotations

import asyncio
import math

import structlog
from starlette.requests import HTTPConnection

from api import passkeys
from api.problems import Problem
from api.schemas_operators import AgainIn, ProofIn, SecondIn
from api.security import Api, SignedIn
from controller.domain.ids import OperatorId
from controller.domain.operators import Operator
from controller.domain.roles import SecondFactor
from controller.runtime.facade import Second

log = structlog.get_logger()

WRONG_PROOFS = 5
"""So many wrong second factors end a sign-in: the password is asked for again, and that is counted too."""


def address_of(connection: HTTPConnection) -> str:
    """Return where a request comes from."""
    return connection.client.host if connection.client else "unknown"


def throttle(api: Api, operator: OperatorId, address: str) -> None:
    """Count one more try. Raises ``Problem`` 429 where there were too many.

    Counted per operator and address, per address, and per operator: the last only where that operator never signed in,
    so that nobody who guesses from elsewhere keeps them out of their own post.
    """
    mono = api.facade.mono()
    wait = max(api.by_operator.wait((operator, address), mono), api.by_address.wait(address, mono))
    if (operator, address) not in api.places:
        wait = max(wait, api.by_account.wait(operator, mono))
    if wait > 0:
        log.warning("sign-in throttled", seconds=round(wait))
        raise Problem(429, "too_many_tries", "Too many tries; wait a little.", {"Retry-After": str(math.ceil(wait))})


async def prove(api: Api, who: SignedIn, proof: ProofIn, connection: HTTPConnection) -> SecondFactor:
    """Return which second factor was shown. Raises ``Problem`` 401, recorded and counted, where it is not right."""
    address = address_of(connection)
    throttle(api, who.operator.id, address)
    factor = await _shown(api, who, proof, connection)
    if factor is not None:
        api.by_operator.forget((who.operator.id, address))
        api.sessions.change(who.token, wrong=0)
        return factor
    await api.facade.factor_refused(who.operator.id, address)
    wrong = who.session.wrong + 1
    if api.sessions.change(who.token, wrong=wrong) is not None and wrong >= WRONG_PROOFS:
        api.sessions.close(who.token)
    raise Problem(401, "wrong_second_factor", "The code or the passkey is not right, or was used before.")


async def prove_again(api: Api, who: SignedIn, again: AgainIn, connection: HTTPConnection) -> bool:
    """Prove once more who is at the console: by a second factor, or by the password where there is none.

    Returns whether the password was the one for when somebody is forced. Raises ``Problem``.
    """
    methods = await asyncio.to_thread(api.facade.factors.methods, who.operator.id)
    if methods:
        await prove(api, who, again, connection)
        return False
    if again.password is None:
        raise Problem(422, "proof_needed", "Give your password, or a second factor.")
    return await prove_password(api, who, again.password, connection)


async def prove_password(api: Api, who: SignedIn, password: str, connection: HTTPConnection) -> bool:
    """Prove by the password who is at the console; tell whether somebody forces them. Raises ``Problem`` 401."""
    address = address_of(connection)
    throttle(api, who.operator.id, address)
    async with api.passwords:
        outcome = await api.facade.vouch(who.operator.id, password, address=address)
    if outcome.operator is None:
        raise Problem(401, "wrong_password", "The password is not right.")
    api.by_operator.forget((who.operator.id, address))
    return outcome.watched


async def second_person(api: Api, asked: SecondIn, connection: HTTPConnection) -> Operator:
    """Return the operator who agrees at somebody else's console, by everything they would sign in with there.

    Raises ``Problem`` 401, 409 or 429.
    """
    operator, address = OperatorId(asked.operator), address_of(connection)
    throttle(api, operator, address)
    async with api.passwords:
        outcome = await api.facade.vouch(operator, asked.password, address=address)
    if outcome.new_password_needed or outcome.second is Second.ENROL:
        raise Problem(409, "sign_in_first", "The second person has yet to sign in at a console of their own.")
    if outcome.operator is None:
        raise Problem(401, "wrong_password", "The name or the password of the second person is not right.")
    if outcome.second is Second.PROVE and not await _code_counts(api, operator, asked.code or ""):
        await api.facade.factor_refused(operator, address)
        raise Problem(401, "wrong_second_factor", "The code of the second person is not right, or was used before.")
    api.by_operator.forget((operator, address))
    return outcome.operator


async def _code_counts(api: Api, operator: OperatorId, code: str) -> bool:
    factors = api.facade.factors
    if await asyncio.to_thread(factors.totp_counts, operator, code, api.wall()):
        return True
    return await asyncio.to_thread(factors.recovery_counts, operator, code)


async def _shown(api: Api, who: SignedIn, proof: ProofIn, connection: HTTPConnection) -> SecondFactor | None:
    factors, operator = api.facade.factors, who.operator.id
    if proof.passkey is not None:
        right = await passkeys.signed(api, who, proof.passkey, connection)
        return SecondFactor.PASSKEY if right else None
    if proof.recovery_code is not None:
        right = await asyncio.to_thread(factors.recovery_counts, operator, proof.recovery_code)
        return SecondFactor.RECOVERY_CODE if right else None
    right = await asyncio.to_thread(factors.totp_counts, operator, proof.code or "", api.wall())
    return SecondFactor.TOTP if right else None
