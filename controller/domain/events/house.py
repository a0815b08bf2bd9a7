"""Badges that are enrolled at a reader, and people who leave the house together."""

from __future__ import annotations

from dataclasses import dataclass

from controller.domain.ids import CardholderId, OperatorId, ReaderId, SafePointId


@dataclass(frozen=True, slots=True)
class EnrolmentOpened:
    """For so many seconds the next unknown card at this reader is offered as this person's badge."""

    operator: OperatorId
    reader: ReaderId
    cardholder: CardholderId
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class BadgeOffered:
    """An unknown card was shown for that. Its number stands nowhere in the log."""

    reader: ReaderId
    cardholder: CardholderId
    format: str


@dataclass(frozen=True, slots=True)
class EvacuationStarted:
    """Everybody leaves."""

    operator: OperatorId
    reason: str


@dataclass(frozen=True, slots=True)
class EvacuationEnded:
    """People go back."""

    operator: OperatorId
    reason: str


@dataclass(frozen=True, slots=True)
class SafeCounted:
    """Somebody was counted as safe: by an operator who saw them, or by their badge at a reader of the safe point."""

    cardholder: CardholderId
    safe_point: SafePointId | None
    operator: OperatorId | None
    reader: ReaderId | None


@dataclass(frozen=True, slots=True)
class SafeUncounted:
    """That was a mistake: they are looked for again."""

    cardholder: CardholderId
    operator: OperatorId
