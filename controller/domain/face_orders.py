"""What is ordered about a person's face: a template is kept or gone, a portrait, and a place on the watch list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from controller.domain.faces import FaceBasis
from controller.domain.ids import CardholderId


@dataclass(frozen=True, slots=True)
class EnrolFace:
    """Keep a template of somebody's face. *Two*, where they may enter an exclusion zone: see ``ConfirmFace``.

    ``others``: people enrolled already who look alike, and whom the operator says are somebody else. The rest is what
    the eyes made of the photos: ``alike`` is everybody enrolled who looks alike, ``template`` is sealed.
    """

    cardholder: CardholderId
    basis: FaceBasis
    reason: str
    others: tuple[CardholderId, ...] = ()
    alike: tuple[CardholderId, ...] = ()
    engine: str = ""
    mode: str = ""
    used: int = 0
    template: str = ""


@dataclass(frozen=True, slots=True)
class ConfirmFace:
    """Agree that the face last enrolled for somebody with rights in an exclusion zone is theirs: it sleeps until then.

    The enrolment asks for it; whoever confirms is another person.
    """

    cardholder: CardholderId


@dataclass(frozen=True, slots=True)
class WithdrawFace:
    """Destroy somebody's template and portrait."""

    cardholder: CardholderId
    reason: str


@dataclass(frozen=True, slots=True)
class KeepPortrait:
    """Keep one picture of somebody, for a guard to compare; the building seals it."""

    cardholder: CardholderId
    reason: str
    portrait: str = ""


@dataclass(frozen=True, slots=True)
class RemovePortrait:
    """Destroy it."""

    cardholder: CardholderId
    reason: str


@dataclass(frozen=True, slots=True)
class ComparePortrait:
    """Look at somebody's portrait, to compare it with who stands at a door now."""

    cardholder: CardholderId


@dataclass(frozen=True, slots=True)
class ListFace:
    """Look for this face, where the site has an approved watch list."""

    cardholder: CardholderId
    reason: str


@dataclass(frozen=True, slots=True)
class UnlistFace:
    """No longer look for it."""

    cardholder: CardholderId
    reason: str


FaceOrder = (
    EnrolFace | ConfirmFace | WithdrawFace | KeepPortrait | RemovePortrait | ComparePortrait | ListFace | UnlistFace
)


def face_subject(order: FaceOrder) -> str:
    """Return whom an order is about; of an enrolment also everybody who looks alike, so that a refusal names them."""
    match order:
        case EnrolFace(cardholder=cardholder, alike=alike):
            return " ".join((cardholder, *alike))
        case (
            ConfirmFace(cardholder=cardholder)
            | WithdrawFace(cardholder=cardholder)
            | KeepPortrait(cardholder=cardholder)
            | RemovePortrait(cardholder=cardholder)
            | ComparePortrait(cardholder=cardholder)
            | ListFace(cardholder=cardholder)
            | UnlistFace(cardholder=cardholder)
        ):
            return cardholder
    assert_never(order)
