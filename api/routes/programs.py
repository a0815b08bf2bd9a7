"""Programs: who lets them in, by a token; and where the box tells of events by itself."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.problems import Problem, refused
from api.programs import NAME, token_text
from api.routes.events import LARGEST_PAGE, PAGE, SEQ_LIMIT
from api.routes.orders import give
from api.schemas import OrderedOut, ReasonIn
from api.schemas_programs import (
    DeliveriesOut,
    DeliveryOut,
    TokenIn,
    TokenMadeOut,
    TokenOut,
    TokensOut,
    WebhookIn,
    WebhookOut,
    WebhookSecretOut,
    WebhooksOut,
)
from api.security import Api, Context, Fresh, SignedIn, Watching
from controller.domain.ids import OperatorId, ZoneId
from controller.domain.integration_orders import AddWebhook, IssueToken, RemoveWebhook, RevokeToken, RotateWebhook
from controller.domain.integrations import TOKEN_PREFIX, ApiToken, Webhook
from controller.domain.operators import Refusal, Role
from controller.domain.site import Site
from controller.runtime.ports import WebhookStanding

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


@router.get("/webhooks")
async def webhooks(who: Watching, api: Context) -> WebhooksOut:
    """Return every webhook, and how far it is."""
    looking(who)
    moment = api.facade.moment()
    return WebhooksOut(webhooks=[_webhook(api, moment.site, one) for _, one in sorted(moment.state.webhooks.items())])


@router.post("/webhooks")
async def add_webhook(asked: WebhookIn, who: Fresh, api: Context) -> WebhookSecretOut:
    """Tell of events there, from now on. What it signs with is in this answer and nowhere else."""
    await give(api, who, AddWebhook(asked.name, asked.url, frozenset(asked.kinds), asked.reason))
    secret = await asyncio.to_thread(api.facade.programs.make_webhook_secret, asked.name, api.wall())
    return WebhookSecretOut(name=asked.name, secret=secret)


@router.post("/webhooks/{name}/rotate")
async def rotate_webhook(name: Named, who: Fresh, api: Context) -> WebhookSecretOut:
    """Sign with another secret. For a day every delivery is signed with the one before as well."""
    await give(api, who, RotateWebhook(name))
    secret = await asyncio.to_thread(api.facade.programs.make_webhook_secret, name, api.wall(), rotate=True)
    return WebhookSecretOut(name=name, secret=secret)


@router.post("/webhooks/{name}/remove", status_code=202)
async def remove_webhook(name: Named, asked: ReasonIn, who: Fresh, api: Context) -> OrderedOut:
    """Tell nothing there any more."""
    answer = await give(api, who, RemoveWebhook(name, asked.reason))
    await asyncio.to_thread(api.facade.programs.forget_webhook, name)
    return answer


@router.get("/webhooks/{name}/deliveries")
async def deliveries(
    name: Named,
    who: Watching,
    api: Context,
    before: Annotated[int | None, Query(ge=1, lt=SEQ_LIMIT)] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE,
) -> DeliveriesOut:
    """Return a webhook's last deliveries, the newest first; a thousand are kept."""
    looking(who)
    if name not in api.facade.moment().state.webhooks or api.facade.hooks is None:
        raise refused(Refusal.NO_SUCH_WEBHOOK)
    found = await api.facade.hooks.deliveries(name, before=before, limit=limit)
    shown = [
        DeliveryOut(number=one.number, at=one.at, outcome=one.outcome, status=one.status, problem=one.problem)
        for _, one in found
    ]
    return DeliveriesOut(deliveries=shown, before=found[-1][0] if len(found) == limit else None)


def _webhook(api: Api, site: Site, webhook: Webhook) -> WebhookOut:
    standing = api.facade.hooks.standing(webhook.id) if api.facade.hooks is not None else WebhookStanding()
    return WebhookOut(
        name=webhook.id,
        url=webhook.url,
        kinds=sorted(webhook.kinds),
        allowed=site.integrations.allows(webhook.url),
        delivered=standing.delivered,
        waiting=standing.waiting,
        tries=standing.tries,
        retry_at=standing.retry_at,
        problem=standing.problem,
        dead=standing.dead,
    )


def _token(api: Api, token: ApiToken) -> TokenOut:
    return TokenOut(
        name=token.id.removeprefix(TOKEN_PREFIX),
        scopes=sorted(token.scopes),
        zones=None if token.zones is None else sorted(token.zones),
        expires=token.expires,
        expired=api.wall() >= token.expires,
        used=api.facade.programs.last_use(token.id),
    )
