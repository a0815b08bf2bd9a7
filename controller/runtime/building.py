"""The building as the API and the gateways see it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from controller.domain.events import OrderRefused, Recorded
from controller.domain.ids import CameraId, CardholderId, CredentialId, DeviceId, OperatorId, ReaderId
from controller.domain.operators import Operator, Order, Refusal, UnlockOnce
from controller.domain.stimuli import Ordered, SignedOutSeen, SignInTried, Stimulus
from controller.runtime.facade import Moment, SignIn
from controller.runtime.ports import Clock, Guests, Identity, Passwords, People, Pictures
from controller.runtime.runtime import Runtime
from controller.runtime.watch import RecordWatch


class Building:
    """Implements ``Facade`` for the API, and what the gateways need to hand stimuli in."""

    def __init__(
        self,
        runtime: Runtime,
        people: People,
        guests: Guests,
        passwords: Passwords,
        pictures: Pictures,
        clock: Clock,
    ) -> None:
        self._runtime = runtime
        self._people = people
        self._guests = guests
        self._passwords = passwords
        self._pictures = pictures
        self._clock = clock

    def submit(self, stimulus: Stimulus) -> asyncio.Future[None]:
        """Hand a stimulus in; the future is done once everything that followed from it is durable."""
        return self._runtime.submit(stimulus)

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
        return Moment(runtime.boot, runtime.seq, runtime.site, runtime.state)

    def watch(self) -> RecordWatch:
        """Return a subscription to every record from now on."""
        return self._runtime.watch()

    def read(self, *, before: int | None, limit: int) -> Sequence[Recorded]:
        """Return up to ``limit`` records below ``before``, the newest first."""
        return self._runtime.read(before=before, limit=limit)

    async def order(self, operator: OperatorId, order: Order) -> Refusal | None:
        """Carry out an order; None once it is accepted (ordered, not yet observed), else why it is refused."""
        if isinstance(order, UnlockOnce):
            whom, identity = await asyncio.to_thread(self._guests.seal_guest, order.whom)
            order = replace(order, whom=whom, identity=identity)
        outcome = self._runtime.handle(Ordered(operator, order)).outcome
        return next((event.why for event in outcome.events if isinstance(event, OrderRefused)), None)

    async def sign_in(self, operator: OperatorId, password: str, *, new_password: str | None, address: str) -> SignIn:
        """Check a password. A one-time password counts only together with a new one, which then replaces it."""
        right = await asyncio.to_thread(self._passwords.password_matches, operator, password)
        if self.operator(operator) is None or not right:
            self._runtime.handle(SignInTried(operator, succeeded=False, address=address))
            return SignIn(refused=True)
        if await asyncio.to_thread(self._passwords.password_is_one_time, operator):
            if new_password is None:
                return SignIn(new_password_needed=True)
            await asyncio.to_thread(self._passwords.set_password, operator, new_password, one_time=False)
        self._runtime.handle(SignInTried(operator, succeeded=True, address=address))
        return SignIn(operator=self.operator(operator))

    async def signed_out(self, operator: OperatorId) -> None:
        """Record that an operator left."""
        self._runtime.handle(SignedOutSeen(operator))

    def operator(self, operator: OperatorId) -> Operator | None:
        """Return the operator as of now: a withdrawn right acts on the next request."""
        return self._runtime.state.operators.get(operator)

    def identity(self, cardholder: CardholderId) -> Identity | None:
        """Return who a pseudonym is."""
        return self._people.identity(cardholder)

    async def picture(self, camera: CameraId) -> bytes | None:
        """Return the camera's newest JPEG, or None while there is none."""
        return await self._pictures.picture(camera)
