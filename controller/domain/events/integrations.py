"""Programs: their tokens, and the webhooks they hear by. No secret of either stands here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from controller.domain.ids import OperatorId, ZoneId
from controller.domain.integrations import Scope


@dataclass(frozen=True, slots=True)
class TokenIssued:
    """An operator let a program in, for so much, there, until then. ``reason`` is sealed."""

    operator: OperatorId
    issued: OperatorId
    scopes: frozenset[Scope]
    zones: frozenset[ZoneId] | None
    expires: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class TokenRevoked:
    """A program may do nothing any more. ``reason`` is sealed."""

    operator: OperatorId
    revoked: OperatorId
    reason: str


@dataclass(frozen=True, slots=True)
class WebhookAdded:
    """The box tells of events there from here on. No ``kinds``: of all. ``reason`` is sealed."""

    operator: OperatorId
    webhook: str
    url: str
    kinds: frozenset[str]
    reason: str


@dataclass(frozen=True, slots=True)
class WebhookRemoved:
    """The box tells nothing there any more. ``reason`` is sealed."""

    operator: OperatorId
    webhook: str
    reason: str


@dataclass(frozen=True, slots=True)
class WebhookSecretRotated:
    """What is told there is signed with another secret."""

    operator: OperatorId
    webhook: str


@dataclass(frozen=True, slots=True)
class WebhookUndelivered:
    """Event ``number`` could not be told there, though it was tried for so long; what comes after it is."""

    webhook: str
    number: int
    problem: str
