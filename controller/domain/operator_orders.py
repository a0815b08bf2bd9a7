"""What operators order about one another: appointed, withdrawn, let in anew, and who takes the shift over.

*Two*: done when a second, other operator gives the same. Whoever could make a colleague up alone, or take one's name,
would be two people by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from controller.domain.ids import OperatorId, ZoneId
from controller.domain.roles import Role

EVERYWHERE = "*"
"""Stands for no limit to zones, where an order is told in words: no zone is called so."""


@dataclass(frozen=True, slots=True)
class AppointOperator:
    """Somebody may sign in, in this role; or somebody who may gets another one. *Two*.

    ``zones``: where their orders count; None: everywhere.
    """

    appointed: OperatorId
    role: Role
    zones: frozenset[ZoneId] | None
    reason: str


@dataclass(frozen=True, slots=True)
class WithdrawOperator:
    """Somebody may no longer sign in. One person suffices: it makes nothing easier."""

    withdrawn: OperatorId
    reason: str


@dataclass(frozen=True, slots=True)
class ResetOperator:
    """Somebody lost what proves who they are: it counts no longer, and a one-time password is made. *Two*."""

    reset: OperatorId
    reason: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """The shift ends: whoever comes next is told what is open."""

    note: str


@dataclass(frozen=True, slots=True)
class AcceptHandOver:
    """I know what is open, and it is mine now."""


OperatorOrder = AppointOperator | WithdrawOperator | ResetOperator | HandOver | AcceptHandOver


def operator_subject(order: OperatorOrder) -> str:
    """Return what an order is about: two orders of a kind with one subject are the same order."""
    match order:
        case AppointOperator(appointed=appointed, role=role, zones=zones):
            where = EVERYWHERE if zones is None else " ".join(sorted(zones))
            return f"{appointed} {role} {where}".rstrip()
        case WithdrawOperator(withdrawn=withdrawn):
            return withdrawn
        case ResetOperator(reset=reset):
            return reset
        case HandOver() | AcceptHandOver():
            return ""
    assert_never(order)
