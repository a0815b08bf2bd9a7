"""People, badges, templates, operators."""

from __future__ import annotations

from dataclasses import dataclass

from controller.domain.ids import CardholderId, OperatorId
from controller.domain.operators import Operator
from controller.domain.people import Cardholder, Credential


@dataclass(frozen=True, slots=True)
class CardholderRecorded:
    """A person, by pseudonym; ``identity`` is sealed."""

    author: str
    cardholder: Cardholder
    identity: str


@dataclass(frozen=True, slots=True)
class CredentialRecorded:
    """A badge as it now is."""

    author: str
    credential: Credential


@dataclass(frozen=True, slots=True)
class FaceTemplateRecorded:
    """A face template, sealed."""

    author: str
    cardholder: CardholderId
    engine: str
    mode: str
    template: str


@dataclass(frozen=True, slots=True)
class OperatorRecorded:
    """An operator as they now are."""

    author: str
    operator: Operator


@dataclass(frozen=True, slots=True)
class OperatorSignedIn:
    """Somebody is at the console."""

    operator: OperatorId
    address: str


@dataclass(frozen=True, slots=True)
class OperatorSignInFailed:
    """Somebody tried a name or a password that is not right."""

    operator: OperatorId
    address: str


@dataclass(frozen=True, slots=True)
class OperatorSignedOut:
    """Somebody left the console."""

    operator: OperatorId
