"""What the API may ask of the building, and nothing more: so that the API can become a process of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from controller.domain.doors import ModeRequest
from controller.domain.events import Recorded
from controller.domain.hygiene import BrokerFacts, Hygiene, WireFacts
from controller.domain.ids import CameraId, CardholderId, DoorId, OperatorId
from controller.domain.operators import Operator, Order, Refusal
from controller.domain.roles import FactorChange, SecondFactor
from controller.domain.site import Site
from controller.domain.state import SiteState
from controller.runtime.evidence import Evidence
from controller.runtime.face_desk import FaceDesk
from controller.runtime.ports import Answers, Factors, Films, Hooks, Identity, Programs
from controller.runtime.studies import Offices


@dataclass(frozen=True, slots=True)
class Moment:
    """The building right now. ``seq`` is the number of the last event folded into ``state``; 0 before the first.

    ``modes``: who asks each lock for what, the one in effect first.
    """

    boot: str
    seq: int
    site: Site
    state: SiteState
    modes: Mapping[DoorId, tuple[ModeRequest, ...]] = field(default_factory=dict)


class Facade(Protocol):
    """The building, as the API sees it."""

    def moment(self) -> Moment:
        """Return the building right now."""
        ...

    def mono(self) -> float:
        """Return monotonic seconds, on the clock of the state's deadlines."""
        ...

    def watch(self) -> Watch:
        """Return a subscription to every record from now on."""
        ...

    def read(self, *, before: int | None, limit: int) -> Sequence[Recorded]:
        """Return up to ``limit`` durable records below ``before``, the newest first."""
        ...

    async def order(self, operator: OperatorId, order: Order) -> Refusal | None:
        """Carry out an order; None once it is accepted (ordered, not yet observed), else why it is refused."""
        ...

    async def sign_in(self, operator: OperatorId, password: str, *, new_password: str | None, address: str) -> SignIn:
        """Check a password. A one-time password counts only together with a new one, which then replaces it."""
        ...

    async def vouch(self, operator: OperatorId, password: str, *, address: str) -> SignIn:
        """Check a password, as a second person gives it at somebody else's console: nobody signs in by it."""
        ...

    async def signed_in(self, operator: OperatorId, address: str, factor: SecondFactor) -> None:
        """Record that a second factor completed a sign-in."""
        ...

    async def factor_refused(self, operator: OperatorId, address: str) -> None:
        """Record that a second factor was not right."""
        ...

    async def factor_changed(self, operator: OperatorId, factor: SecondFactor, change: FactorChange) -> None:
        """Record that an operator added or removed a second factor."""
        ...

    async def change_password(self, operator: OperatorId, password: str, new_password: str, address: str) -> bool:
        """Keep another password; False where ``password`` is not their own, or the new one is the duress password."""
        ...

    async def issue_password(self, operator: OperatorId) -> str:
        """Let somebody begin anew: everything that proved who they are goes; return their one-time password."""
        ...

    async def first_password(self, operator: OperatorId) -> str | None:
        """Return a one-time password for somebody who has no password yet; None for somebody who has."""
        ...

    async def forget_operator(self, operator: OperatorId) -> None:
        """Forget everything that proved who somebody was."""
        ...

    @property
    def factors(self) -> Factors:
        """The operators' second factors."""
        ...

    @property
    def answers(self) -> Answers:
        """What orders with an idempotency key were answered."""
        ...

    @property
    def hooks(self) -> Hooks | None:
        """Return who tells the webhooks; None for a building that tells nobody."""
        ...

    @property
    def programs(self) -> Programs:
        """The secrets of programs that ask by a token, or are told by a webhook."""
        ...

    def console_opened(self) -> None:
        """Somebody who may act watches a console from here on."""
        ...

    def console_closed(self) -> None:
        """They no longer do."""
        ...

    async def choose_duress(self, operator: OperatorId, password: str, duress: str) -> bool:
        """Keep a password for when somebody forces the operator; False unless ``password`` is their own, and another.

        Whoever signed in by force, and gives that password, is answered alike, and nothing is changed.
        """
        ...

    async def signed_out(self, operator: OperatorId) -> None:
        """Record that an operator left."""
        ...

    def operator(self, operator: OperatorId) -> Operator | None:
        """Return the operator as of now: a withdrawn right acts on the next request."""
        ...

    def identity(self, cardholder: CardholderId) -> Identity | None:
        """Return who a pseudonym is."""
        ...

    def text(self, text: str) -> str:
        """Return what an operator typed, as far as it may still be read: in the log it is sealed."""
        ...

    async def history(self, what: str, subject: str, *, before: int | None, limit: int) -> Sequence[Recorded]:
        """Return up to ``limit`` durable records below ``before``, newest first: about a ``person`` or a ``door``,
        of the recordings that a record is ``filmed`` in, or of one ``recording``.
        """
        ...

    def hygiene(self) -> Sequence[tuple[WireFacts, Hygiene]]:
        """Return how well each OSDP reader's wire is kept, and from what that is seen."""
        ...

    def broker(self) -> BrokerFacts | None:
        """Return how the link to the broker stands; None where there is none."""
        ...

    async def picture(self, camera: CameraId, *, rests: bool = False) -> bytes | None:
        """Return the camera's newest JPEG, masked while its veil hangs, or None while there is none.

        ``rests``: while nothing moves there, the same one will do for a minute.
        """
        ...

    @property
    def offices(self) -> Offices | None:
        """Return what studies the log and keeps policies; None for a building without a log of its own."""
        ...

    @property
    def faces(self) -> FaceDesk | None:
        """Return who enrols faces; None for a building without eyes."""
        ...

    @property
    def films(self) -> Films | None:
        """Return what the cameras recorded; None for a building that records nothing."""
        ...

    @property
    def evidence(self) -> Evidence | None:
        """Return who hands out evidence; None for a building that keeps none."""
        ...


class Second(StrEnum):
    """What a right password is not enough for: nothing, a second factor, or setting one up first."""

    NONE = "none"
    PROVE = "prove"
    ENROL = "enrol"


@dataclass(frozen=True, slots=True)
class SignIn:
    """The outcome of a sign-in: exactly one of the first three is set.

    ``watched``: somebody forces the operator, so this session looks as always and shows nothing silent.
    ``second``: what is still asked of whoever gave the right password.
    """

    operator: Operator | None = None
    new_password_needed: bool = False
    refused: bool = False
    watched: bool = False
    second: Second = Second.NONE


class Watch(Protocol):
    """A subscription. A watcher too slow for its bounded queue is told so (``Lagged``) and must take a new snapshot."""

    async def next(self) -> Recorded:
        """Return the next record. Raises ``Lagged`` once records were dropped."""
        ...

    def close(self) -> None:
        """End the subscription."""
        ...


class Lagged(Exception):
    """Records were dropped for this watcher."""
