"""Operators as colleagues: appointed, withdrawn, let in anew, their second factors, and their shifts."""

from __future__ import annotations

from dataclasses import dataclass

from controller.domain.ids import AlarmId, DoorId, OperatorId
from controller.domain.operators import Operator
from controller.domain.roles import FactorChange, SecondFactor


@dataclass(frozen=True, slots=True)
class OperatorAppointed:
    """Two operators appointed a third, or gave them another role or other zones."""

    operator: OperatorId
    second: OperatorId
    appointed: Operator
    reason: str


@dataclass(frozen=True, slots=True)
class OperatorWithdrawn:
    """Somebody may no longer sign in, by an operator's order or from the box itself."""

    author: str
    withdrawn: OperatorId
    reason: str


@dataclass(frozen=True, slots=True)
class OperatorReset:
    """What proved who somebody is counts no longer: they begin anew with a one-time password.

    ``author`` asked and ``second`` agreed; None where it was done at the box itself.
    """

    author: str
    second: OperatorId | None
    reset: OperatorId
    reason: str


@dataclass(frozen=True, slots=True)
class SecondFactorChanged:
    """An operator's second factor came or went, by their own hand."""

    operator: OperatorId
    factor: SecondFactor
    change: FactorChange


@dataclass(frozen=True, slots=True)
class ShiftHandedOver:
    """An operator's shift ends with these alarms open and these doors in no ordinary mode. ``note`` is sealed."""

    operator: OperatorId
    note: str
    alarms: tuple[AlarmId, ...]
    doors: tuple[DoorId, ...]


@dataclass(frozen=True, slots=True)
class ShiftAccepted:
    """Another operator took over what ``first`` handed over."""

    operator: OperatorId
    first: OperatorId
