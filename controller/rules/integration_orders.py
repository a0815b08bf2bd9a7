"""Orders about programs: who may give which, and what they come to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never

from controller.domain import events as ev
from controller.domain.ids import OperatorId
from controller.domain.integration_orders import (
    AddWebhook,
    IntegrationOrder,
    IssueToken,
    RemoveWebhook,
    RevokeToken,
    RotateWebhook,
)
from controller.domain.integrations import LONGEST_TOKEN, TOKEN_PREFIX
from controller.domain.operators import Refusal, Role
from controller.rules.turn import Turn

_ALL = frozenset({IssueToken, RevokeToken, AddWebhook, RemoveWebhook, RotateWebhook})
RIGHTS: Mapping[Role, frozenset[type[IntegrationOrder]]] = MappingProxyType(
    {role: _ALL if role is Role.SECURITY_OFFICER else frozenset() for role in Role}
)
"""Who may give which of these orders."""


def may(turn: Turn, order: IntegrationOrder) -> Refusal | None:
    """Tell why an order is refused, the role being right; None where it may be given."""
    match order:
        case IssueToken():
            return _may_issue(turn, order)
        case RevokeToken(token=token):
            return None if token in turn.state.programs else Refusal.NO_SUCH_TOKEN
        case AddWebhook(webhook=webhook, url=url, reason=reason):
            if webhook in turn.state.webhooks:
                return Refusal.ALREADY_SO
            if not turn.site.integrations.allows(url):
                return Refusal.TARGET_NOT_ALLOWED
            return _reason(reason)
        case RemoveWebhook(webhook=webhook) | RotateWebhook(webhook=webhook):
            return None if webhook in turn.state.webhooks else Refusal.NO_SUCH_WEBHOOK
    assert_never(order)


def carry_out(turn: Turn, operator: OperatorId, order: IntegrationOrder) -> None:
    """Record what an order comes to."""
    match order:
        case IssueToken(token=token, scopes=scopes, zones=zones, expires=expires, reason=reason):
            turn.record(ev.TokenIssued(operator, token, scopes, zones, expires, reason))
        case RevokeToken(token=token, reason=reason):
            turn.record(ev.TokenRevoked(operator, token, reason))
        case AddWebhook(webhook=webhook, url=url, kinds=kinds, reason=reason):
            turn.record(ev.WebhookAdded(operator, webhook, url, kinds, reason))
        case RemoveWebhook(webhook=webhook, reason=reason):
            turn.record(ev.WebhookRemoved(operator, webhook, reason))
        case RotateWebhook(webhook=webhook):
            turn.record(ev.WebhookSecretRotated(operator, webhook))
        case _:
            assert_never(order)


def _may_issue(turn: Turn, order: IssueToken) -> Refusal | None:
    if order.token in turn.state.operators:
        return Refusal.ALREADY_SO
    if not order.token.startswith(TOKEN_PREFIX) or not order.scopes:
        return Refusal.NO_SUCH_TOKEN
    if order.zones is not None and not (order.zones and order.zones <= turn.site.zones.keys()):
        return Refusal.UNKNOWN_ZONE
    if not turn.now.wall < order.expires <= turn.now.wall + LONGEST_TOKEN:
        return Refusal.UNTIL_NOT_ALLOWED
    return _reason(order.reason)


def _reason(reason: str) -> Refusal | None:
    return None if reason.strip() else Refusal.REASON_NEEDED
