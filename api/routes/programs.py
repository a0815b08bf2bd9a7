"""Programs: who lets them in, by a token; and where the box tells of events by itself."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path

from api.problems import Problem
from api.programs import NAME, token_text
from api.routes.orders import give
from api.schemas import OrderedOut, ReasonIn
from api.schemas_programs import (
    TokenIn,
    TokenMadeOut,
    TokenOut,
    TokensOut,
)
from api.security import Api, Context, Fresh, SignedIn, Watching
from controller.domain.ids import OperatorId, ZoneId
from controller.domain.integration_orders import IssueToken, RevokeToken
from controller.domain.integrations import TOKEN_PREFIX, ApiToken
from controller.domain.operators import Role

router = APIRouter(tags=["programs"])

Named = Annotated[str, Path(pattern=f"^{NAME}$")]
SEE_PROGRAMS = frozenset({Role.SECURITY_OFFICER, Role.AUDITOR})


def looking(who: Watching) -> SignedIn:
    """Return who may look. Raises ``Problem`` 403."""
    if who.operator.role not in SEE_PROGRAMS:
        raise Problem(403, "not_your_role", "Your role may not see which programs there are.")
    return who


@router.get("/tokens")
async def tokens(who: Watching, api: Context) -> TokensOut:
    """Return every token that was not revoked, and when it was last used."""
    looking(who)
    known = sorted(api.facade.moment().state.programs.values(), key=lambda one: one.id)
    return TokensOut(tokens=[_token(api, one) for one in known])


@router.post("/tokens")
async def issue(asked: TokenIn, who: Fresh, api: Context) -> TokenMadeOut:
    """Let a program in. Its token is in this answer and nowhere else."""
    name = OperatorId(TOKEN_PREFIX + asked.name)
    zones = None if asked.zones is None else frozenset(map(ZoneId, asked.zones))
    await give(api, who, IssueToken(name, frozenset(asked.scopes), zones, asked.expires, asked.reason))
    secret = await asyncio.to_thread(api.facade.programs.make_token, name)
    return TokenMadeOut(name=asked.name, token=token_text(name, secret))


@router.post("/tokens/{name}/revoke", status_code=202)
async def revoke(name: Named, asked: ReasonIn, who: Fresh, api: Context) -> OrderedOut:
    """Let a program do nothing any more. Its streams end within a second."""
    token = OperatorId(TOKEN_PREFIX + name)
    answer = await give(api, who, RevokeToken(token, asked.reason))
    await asyncio.to_thread(api.facade.programs.forget_token, token)
    return answer


def _token(api: Api, token: ApiToken) -> TokenOut:
    return TokenOut(
        name=token.id.removeprefix(TOKEN_PREFIX),
        scopes=sorted(token.scopes),
        zones=None if token.zones is None else sorted(token.zones),
        expires=token.expires,
        expired=api.wall() >= token.expires,
        used=api.facade.programs.last_use(token.id),
    )
