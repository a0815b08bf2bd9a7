"""Orders about programs, each given by one person: tokens, and webhooks by which the box tells of events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from controller.domain.ids import OperatorId, ZoneId
from controller.domain.integrations import Scope


@dataclass(frozen=True, slots=True)
class IssueToken:
    """A program may do so much, there, until then."""

    token: OperatorId
    scopes: frozenset[Scope]
    zones: frozenset[ZoneId] | None
    expires: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class RevokeToken:
    """A program may do nothing any more, from its next request on."""

    token: OperatorId
    reason: str


@dataclass(frozen=True, slots=True)
class AddWebhook:
    """Tell of events there. Only where the site file allows it."""

    webhook: str
    url: str
    kinds: frozenset[str]
    reason: str


@dataclass(frozen=True, slots=True)
class RemoveWebhook:
    """Tell nothing there any more."""

    webhook: str
    reason: str


@dataclass(frozen=True, slots=True)
class RotateWebhook:
    """Sign with another secret from now on; for a time with the one before as well."""

    webhook: str


IntegrationOrder = IssueToken | RevokeToken | AddWebhook | RemoveWebhook | RotateWebhook


def integration_subject(order: IntegrationOrder) -> str:
    """Return what an order is about."""
    match order:
        case IssueToken(token=token) | RevokeToken(token=token):
            return token
        case AddWebhook(webhook=webhook) | RemoveWebhook(webhook=webhook) | RotateWebhook(webhook=webhook):
            return webhook
    assert_never(order)
