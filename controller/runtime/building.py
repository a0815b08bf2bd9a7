"""The building as the API and the gateways see it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC

from controller.domain.alarm_orders import ShelveAlarm
from controller.domain.enrolment_orders import EnrolmentOrder, IssueBadge, OpenEnrolment, RecordCardholder
from controller.domain.events import (
    CardholderErased,
    CredentialRecorded,
    FaceTemplateRecorded,
    FaceWithdrawn,
    OrderRefused,
    PortraitKept,
    PortraitRemoved,
    Recorded,
)
from controller.domain.face_orders import FaceOrder
from controller.domain.hygiene import BrokerFacts, Hygiene, WireFacts, hygiene
from controller.domain.ids import CameraId, CardholderId, CredentialId, DeviceId, OperatorId, ReaderId
from controller.domain.operators import CloseAlarm, Operator, Order, Refusal, UnlockOnce
from controller.domain.record_orders import RecordOrder
from controller.domain.roles import FactorChange, SecondFactor
from controller.domain.stimuli import CardPresented, Ordered, SecondFactorSet, SignedOutSeen, SignInTried, Stimulus
from controller.domain.veils import hidden
from controller.domain.visit_orders import RegisterVisitor
from controller.rules.access import CARD_AGE_SECONDS
from controller.rules.enrolment import enrolled_here
from controller.rules.mode import mode_requests
from controller.runtime.evidence import Evidence
from controller.runtime.facade import Moment, SignIn
from controller.runtime.face_desk import FaceDesk
from controller.runtime.front_door import FrontDoor
from controller.runtime.ports import (
    Answers,
    Clock,
    Factors,
    Films,
    Histories,
    Hooks,
    Identity,
    Office,
    Passwords,
    People,
    Pictures,
    Programs,
    Wires,
)
from controller.runtime.runtime import Runtime
from controller.runtime.studies import Offices
from controller.runtime.watch import RecordWatch

TYPED = ("reason", "note")
"""Fields of an order that an operator fills in freely: a name may stand in any of them."""


ENDS_KEYS = CardholderErased | FaceTemplateRecorded | FaceWithdrawn | PortraitKept | PortraitRemoved
"""After these some key is no longer any use, and is destroyed."""

HANDLE_BYTES = 32
ANOTHER_NAME = "another"
"""What an order to record somebody says in place of a name that is to change."""


class Building:
    """Implements ``Facade`` for the API, and what the gateways need to hand stimuli in."""

    def __init__(
        self,
        runtime: Runtime,
        people: People,
        office: Office,
        passwords: Passwords,
        pictures: Pictures,
        clock: Clock,
        histories: Histories | None = None,
        wires: Wires | None = None,
    ) -> None:
        self._runtime = runtime
        self._people = people
        self._office = office
        self._histories = histories
        self._wires = wires
        self._keeping: asyncio.Future[None] | None = None
        self._passwords = passwords
        self._pictures = pictures
        self._clock = clock
        self._door = FrontDoor(runtime, passwords)
        self._offered: dict[ReaderId, str] = {}  # what stands for a card that was shown to be enrolled
        self.consoles = 0
        self.faces: FaceDesk | None = None
        self.films: Films | None = None
        self.hooks: Hooks | None = None
        self.evidence: Evidence | None = None
        self.offices: Offices | None = None

    def look_through(self, pictures: Pictures) -> None:
        """Take pictures from other eyes from now on."""
        self._pictures = pictures

    def submit(self, stimulus: Stimulus) -> asyncio.Future[None]:
        """Hand a stimulus in; the future is done once everything that followed from it is durable."""
        if isinstance(stimulus, CardPresented):
            self._keep_offered(stimulus)
        return self._runtime.submit(stimulus)

    def _keep_offered(self, card: CardPresented) -> None:
        """Keep what stands for a card that is shown to be enrolled: the log never hears of it."""
        fresh = card.token is not None and abs(card.age) <= CARD_AGE_SECONDS
        if fresh and enrolled_here(self._runtime.state, card, self._runtime.mono()) is not None:
            self._offered[card.reader] = card.token or ""

    def challenged(self, reader: ReaderId) -> CredentialId | None:
        """Return whose PIN this reader waits for, or None."""
        pending = self._runtime.state.challenges.get(reader)
        return pending.credential if pending else None

    def taken(self, device: DeviceId, boot: str, number: int) -> bool:
        """Tell whether a device's numbered message was acted upon already."""
        heard = self._runtime.state.heard.get(device)
        return heard is not None and heard.boot == boot and number <= heard.last

    def mono(self) -> float:
        """Return monotonic seconds, on the clock of the state's deadlines."""
        return self._runtime.mono()

    def wall_ms(self) -> int:
        """Return milliseconds since 1970, UTC."""
        return round(self._clock.now().wall.timestamp() * 1000)

    def moment(self) -> Moment:
        """Return the building right now."""
        runtime = self._runtime
        site, state, now = runtime.site, runtime.state, self._clock.now()
        modes = {door: mode_requests(site, state, door, now) for door in site.doors}
        return Moment(runtime.boot, runtime.seq, site, state, modes)

    def watch(self) -> RecordWatch:
        """Return a subscription to every record from now on."""
        return self._runtime.watch()

    def read(self, *, before: int | None, limit: int) -> Sequence[Recorded]:
        """Return up to ``limit`` records below ``before``, the newest first."""
        return self._runtime.read(before=before, limit=limit)

    async def order(self, operator: OperatorId, order: Order) -> Refusal | None:
        """Carry out an order; None once it is accepted (ordered, not yet observed), else why it is refused."""
        if isinstance(order, UnlockOnce):
            whom, identity = await asyncio.to_thread(self._office.seal_guest, order.whom)
            order = replace(order, whom=whom, identity=identity)
        if isinstance(order, RegisterVisitor):
            visitor, identity = await asyncio.to_thread(self._office.seal_guest, order.visitor)
            order = replace(order, visitor=visitor, identity=identity)
        if isinstance(order, EnrolmentOrder):
            return await self._enrol(operator, order)
        handled = self._runtime.handle(Ordered(operator, self._sealed(order)))
        self._keeping = asyncio.get_running_loop().run_in_executor(None, self._office.keep_new)
        events = handled.outcome.events
        if isinstance(order, RecordOrder | FaceOrder):  # what was read, or is gone for ever, stands in the log first
            await handled.durable
        if any(isinstance(event, ENDS_KEYS) for event in events):
            await asyncio.to_thread(self._office.destroy_erased)
        return next((event.why for event in events if isinstance(event, OrderRefused)), None)

    async def _enrol(self, operator: OperatorId, order: EnrolmentOrder) -> Refusal | None:
        """Carry out an order about who somebody is, or the badge they get. The log has it before it is answered."""
        shown = None
        if isinstance(order, RecordCardholder):
            order = await asyncio.to_thread(self._with_identity, order)
        elif isinstance(order, IssueBadge):
            shown = self._offered.get(order.reader)
            order = replace(order, token=secrets.token_hex(HANDLE_BYTES) if shown else "")
        handled = self._runtime.handle(Ordered(operator, self._sealed(order)))
        await asyncio.to_thread(self._office.keep_new)
        await handled.durable
        events = handled.outcome.events
        if refused := next((event.why for event in events if isinstance(event, OrderRefused)), None):
            return refused
        if isinstance(order, OpenEnrolment):
            self._offered.pop(order.reader, None)
        if isinstance(order, IssueBadge) and shown is not None:
            self._offered.pop(order.reader, None)
            issued = next(event.credential for event in events if isinstance(event, CredentialRecorded))
            await asyncio.to_thread(self._office.adopt_card, shown, order.token, issued.cardholder)
        return None

    def _with_identity(self, order: RecordCardholder) -> RecordCardholder:
        """Seal the name; of somebody who keeps theirs, seal that."""
        known = self._people.identity(order.cardholder.id)
        identity = Identity(order.name.strip()) if order.name.strip() else known
        sealed = self._office.seal_identity(order.cardholder.id, identity) if identity else ""
        return replace(order, name=ANOTHER_NAME if identity != known else "", identity=sealed)

    async def sign_in(self, operator: OperatorId, password: str, *, new_password: str | None, address: str) -> SignIn:
        """Check a password. A one-time password counts only together with a new one, which then replaces it."""
        return await self._door.sign_in(operator, password, new_password=new_password, address=address)

    async def vouch(self, operator: OperatorId, password: str, *, address: str) -> SignIn:
        """Check a password, as a second person gives it at somebody else's console: nobody signs in by it."""
        return await self._door.vouch(operator, password, address=address)

    async def signed_in(self, operator: OperatorId, address: str, factor: SecondFactor) -> None:
        """Record that a second factor completed a sign-in."""
        self._runtime.handle(SignInTried(operator, succeeded=True, address=address, factor=factor))

    async def factor_refused(self, operator: OperatorId, address: str) -> None:
        """Record that a second factor was not right."""
        self._runtime.handle(SignInTried(operator, succeeded=False, address=address))

    async def factor_changed(self, operator: OperatorId, factor: SecondFactor, change: FactorChange) -> None:
        """Record that an operator added or removed a second factor."""
        self._runtime.handle(SecondFactorSet(operator, factor, change))

    async def change_password(self, operator: OperatorId, password: str, new_password: str, address: str) -> bool:
        """Keep another password; False where ``password`` is not their own, or the new one is the duress password."""
        return await self._door.change_password(operator, password, new_password, address)

    async def choose_duress(self, operator: OperatorId, password: str, duress: str) -> bool:
        """Keep a password for when somebody forces the operator; False unless ``password`` is their own, and another.

        Whoever signed in by force, and gives that password, is answered alike, and nothing is changed.
        """
        return await self._door.choose_duress(operator, password, duress)

    async def issue_password(self, operator: OperatorId) -> str:
        """Let somebody begin anew: everything that proved who they are goes; return their one-time password."""
        return await self._door.issue_password(operator)

    async def first_password(self, operator: OperatorId) -> str | None:
        """Return a one-time password for somebody who has no password yet; None for somebody who has."""
        known = await asyncio.to_thread(self._passwords.has_password, operator)
        return None if known else await self._door.issue_password(operator)

    async def forget_operator(self, operator: OperatorId) -> None:
        """Forget everything that proved who somebody was."""
        await asyncio.to_thread(self._passwords.forget_operator, operator)

    @property
    def factors(self) -> Factors:
        """The operators' second factors."""
        return self._passwords.factors

    @property
    def answers(self) -> Answers:
        """What orders with an idempotency key were answered."""
        return self._passwords.answers

    @property
    def programs(self) -> Programs:
        """The secrets of programs that ask by a token, or are told by a webhook."""
        return self._passwords.programs

    def console_opened(self) -> None:
        """Somebody who may act watches a console from here on."""
        self.consoles += 1

    def console_closed(self) -> None:
        """They no longer do."""
        self.consoles -= 1

    async def signed_out(self, operator: OperatorId) -> None:
        """Record that an operator left."""
        self._runtime.handle(SignedOutSeen(operator))

    def operator(self, operator: OperatorId) -> Operator | None:
        """Return the operator as of now: a withdrawn right acts on the next request."""
        return self._runtime.state.operators.get(operator)

    def text(self, text: str) -> str:
        """Return what an operator typed, as far as it may still be read."""
        return self._office.text(text)

    def identity(self, cardholder: CardholderId) -> Identity | None:
        """Return who a pseudonym is."""
        return self._people.identity(cardholder)

    async def history(self, what: str, subject: str, *, before: int | None, limit: int) -> Sequence[Recorded]:
        """Return up to ``limit`` durable records about a ``person`` or a ``door`` below ``before``, newest first."""
        if self._histories is None:
            return ()
        return await asyncio.to_thread(self._histories.history, what, subject, before=before, limit=limit)

    def hygiene(self) -> Sequence[tuple[WireFacts, Hygiene]]:
        """Return how well each OSDP reader's wire is kept, and from what that is seen."""
        facts, now = self._wires.wires() if self._wires is not None else (), self._clock.now().wall
        return [(each, hygiene(each, now)) for each in facts]

    def broker(self) -> BrokerFacts | None:
        """Return how the link to the broker stands; None where there is none."""
        return self._wires.broker() if self._wires is not None else None

    async def picture(self, camera: CameraId, *, rests: bool = False) -> bytes | None:
        """Return the camera's newest JPEG, masked while its veil hangs, or None while there is none."""
        now = self._runtime
        lifted = not hidden(now.site, now.state, camera, now.mono())
        return await self._pictures.picture(camera, unveiled=lifted, rests=rests)

    def _sealed(self, order: Order) -> Order:
        """Seal what was typed. A lockdown's reason waits for no disk."""
        kind = "alarms" if isinstance(order, CloseAlarm | ShelveAlarm) else "audit"
        day = self._clock.now().wall.astimezone(UTC).date()
        typed = {name: str(getattr(order, name, "")) for name in TYPED}
        sealed = {name: self._office.seal_text(kind, day, text) for name, text in typed.items() if text.strip()}
        return replace(order, **sealed)  # type: ignore[arg-type] # these fields are texts in every order
