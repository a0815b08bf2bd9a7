"""Passkeys (WebAuthn level 2): what a browser is asked, and whether its answer is right.

A passkey belongs to the name in the browser's address bar (the RP id): ``localhost``, or the box's own DNS name over
TLS. A browser makes none for a bare IP address.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
from typing import Any

from starlette.requests import HTTPConnection
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from api.problems import Problem
from api.security import Api, SignedIn, is_https
from controller.domain.ids import OperatorId
from controller.runtime.ports import Passkey

NAME = "Ostiary"


async def to_register(api: Api, who: SignedIn, connection: HTTPConnection) -> dict[str, Any]:
    """Return what a browser asks a new passkey. Raises ``Problem`` 409 on a bare address."""
    known = await asyncio.to_thread(api.facade.factors.passkeys, who.operator.id)
    options = generate_registration_options(
        rp_id=_rp_id(connection),
        rp_name=NAME,
        user_name=who.operator.id,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_named(known),
    )
    api.sessions.change(who.token, challenge=options.challenge)
    return _plain(options_to_json(options))


async def registered(api: Api, who: SignedIn, name: str, answer: dict[str, Any], connection: HTTPConnection) -> None:
    """Keep a new passkey. Raises ``Problem`` 409 where its answer is not right."""
    challenge = _taken(api, who)
    try:
        verified = await asyncio.to_thread(
            verify_registration_response,
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_rp_id(connection),
            expected_origin=_origin(connection),
            require_user_verification=True,
        )
        passkey = Passkey(
            bytes_to_base64url(verified.credential_id),
            verified.credential_public_key,
            verified.sign_count,
            name,
            api.wall(),
        )
        await asyncio.to_thread(api.facade.factors.add_passkey, who.operator.id, passkey)
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise Problem(
            409, "passkey_refused", "This passkey cannot be taken: it is known already, or failed."
        ) from error


async def to_sign(api: Api, who: SignedIn, connection: HTTPConnection) -> dict[str, Any]:
    """Return what a browser asks a passkey of this operator. Raises ``Problem`` 409 on a bare address."""
    known = await asyncio.to_thread(api.facade.factors.passkeys, who.operator.id)
    options = generate_authentication_options(
        rp_id=_rp_id(connection),
        allow_credentials=_named(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    api.sessions.change(who.token, challenge=options.challenge)
    return _plain(options_to_json(options))


async def signed(api: Api, who: SignedIn, answer: dict[str, Any], connection: HTTPConnection) -> bool:
    """Tell whether a passkey of this operator signed this session's challenge, which counts once."""
    challenge = _taken(api, who)
    known = await asyncio.to_thread(_known, api, who.operator.id, str(answer.get("id", "")))
    if known is None:
        return False
    try:
        verified = await asyncio.to_thread(
            verify_authentication_response,
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_rp_id(connection),
            expected_origin=_origin(connection),
            credential_public_key=known.public_key,
            credential_current_sign_count=known.counter,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        return False
    count = verified.new_sign_count
    return await asyncio.to_thread(api.facade.factors.passkey_used, who.operator.id, known.id, count)


def _known(api: Api, operator: OperatorId, ident: str) -> Passkey | None:
    return next((one for one in api.facade.factors.passkeys(operator) if one.id == ident), None)


def _taken(api: Api, who: SignedIn) -> bytes:
    """Return the challenge of this session, which is gone with it. Raises ``Problem`` 409 where there is none."""
    challenge = who.session.challenge
    api.sessions.change(who.token, challenge=None)
    if challenge is None:
        raise Problem(409, "no_challenge", "Begin anew: nothing was asked of this passkey.")
    return challenge


def _rp_id(connection: HTTPConnection) -> str:
    name = connection.url.hostname or ""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name
    raise Problem(409, "passkey_needs_name", "Passkeys work under the box's name, and not under its bare address.")


def _origin(connection: HTTPConnection) -> str:
    return f"{'https' if is_https(connection) else 'http'}://{connection.url.netloc}"


def _named(known: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.id)) for one in known]


def _plain(options: str) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(options)
    return plain
