"""What the core needs from the outside, in the core's own words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from controller.domain.effects import Effect
from controller.domain.events import Recorded
from controller.domain.filming import Mask
from controller.domain.heads import HeadOrder
from controller.domain.hygiene import BrokerFacts, WireFacts
from controller.domain.ids import CameraId, CardholderId, CredentialId, OperatorId
from controller.domain.instant import Instant
from controller.domain.passwords import Leaked
from controller.domain.roles import SecondFactor


class Clock(Protocol):
    """The only place time comes from."""

    def now(self) -> Instant:
        """Return this moment."""
        ...

    def mono(self) -> float:
        """Return this moment's monotonic seconds, which are asked for much oftener."""
        ...


class EventLog(Protocol):
    """The durable, append-only log."""

    def append(self, records: Sequence[Recorded], *, at_once: bool = True) -> asyncio.Future[None]:
        """Queue the records, in order; the future is done only once they are durable.

        ``at_once`` False: nobody stands at a door until they are; they may be gathered for a moment, and written with
        what comes meanwhile.

        The future never fails: while the disk refuses, the records stay queued, in order, and it stays pending. Who
        waits for it bounds the wait. Raises ``TypeError`` or ``ValueError``, and queues none of them, for a record that
        cannot be put into bytes.
        """
        ...

    def late(self, seconds: float) -> bool:
        """Tell whether some append has been waiting for the disk for longer than that."""
        ...

    def read(self, *, before: int | None, limit: int) -> Sequence[Recorded]:
        """Return up to ``limit`` durable records below ``before`` (all of them for None), the newest first."""
        ...


class Actuators(Protocol):
    """Whoever carries effects to the wires. Never blocks; what fails comes back as a stimulus."""

    def post(self, effect: Effect) -> None:
        """Send the effect on its way."""
        ...


class Pictures(Protocol):
    """Newest pictures of the cameras. Pixels leave the eyes only this way."""

    async def picture(self, camera: CameraId, *, unveiled: bool = False, rests: bool = False) -> bytes | None:
        """Return the newest JPEG, masked, or None while there is none. ``unveiled``: its veil is lifted.

        ``rests``: while nothing moves there, the same one will do for a minute.
        """
        ...


class Fragments(Protocol):
    """The parts of a camera's own stream, as they come; an empty one is the last."""

    async def get(self) -> bytes:
        """Return the next part."""
        ...


class FilmsBusy(Exception):
    """As many recordings are being masked as may be at once."""


class Films(Protocol):
    """What the cameras recorded, and their own streams."""

    def read(self, recording: str, *, whole: bool, hidden: Sequence[Mask] = ()) -> AsyncIterator[bytes]:
        """Yield a recording, masked where something of it is ``hidden``; else in clear, as it was recorded.

        Raises ``LookupError``, ``ValueError`` where it was tampered with, ``FilmsBusy`` where others are masked.
        """
        ...

    def view(self, camera: CameraId) -> tuple[int, Fragments]:
        """Begin to watch a camera's own stream: a number to end it by, and its parts (fragmented MP4)."""
        ...

    def unview(self, number: int) -> None:
        """End that."""
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a pseudonym is."""

    name: str


@dataclass(frozen=True, slots=True)
class FaceTemplate:
    """A face, as one engine sees it: ``vector`` is float32, little-endian, of the engine's length."""

    engine: str
    mode: str
    vector: bytes


class People(Protocol):
    """Who the pseudonyms are."""

    def identity(self, cardholder: CardholderId) -> Identity | None:
        """Return who this is, or None for nobody known (or erased)."""
        ...

    def template(self, cardholder: CardholderId) -> FaceTemplate | None:
        """Return this person's face template, or None where there is none."""
        ...

    def templates(self) -> Mapping[CardholderId, FaceTemplate]:
        """Return everybody's face template."""
        ...


class NoFace(Exception):
    """No template could be made; ``photos`` has a word for each photo, empty where it is good; ``why`` what that
    amounts to."""

    def __init__(self, photos: Sequence[str], why: Sequence[str]) -> None:
        super().__init__(", ".join([*filter(None, photos), *why]))
        self.photos, self.why = tuple(photos), tuple(why)


@dataclass(frozen=True, slots=True)
class FaceMade:
    """A template made of photos. ``photos`` has a word for each: why it was left out, empty where it was used.

    ``alike``: who is enrolled and looks alike, the most alike first, of ``compared`` people; ``not_compared``:
    people enrolled for an engine that says nothing of this one's templates.
    """

    template: FaceTemplate
    photos: tuple[str, ...]
    used: int
    alike: tuple[CardholderId, ...] = ()
    compared: int = 0
    not_compared: int = 0


class FaceMaker(Protocol):
    """The eyes, as whoever enrols uses them. Photos are JPEGs of one person; none of them is kept."""

    def reads(self, engine: str) -> bool:
        """Tell whether a template of that engine is of use to this one."""
        ...

    async def judge(self, photos: Sequence[bytes]) -> tuple[str, ...]:
        """Return a word for each photo: why it will not do, empty where it will."""
        ...

    async def make(self, cardholder: CardholderId, photos: Sequence[bytes]) -> FaceMade:
        """Return a template. Raises ``NoFace``."""
        ...

    async def portrait(self, photo: bytes) -> bytes:
        """Return the head of the one person in a photo, as a small JPEG. Raises ``NoFace``."""
        ...


class Office(Protocol):
    """What seals names and typed words before they are logged, opens the words, and destroys keys."""

    def seal_guest(self, name: str) -> tuple[CardholderId, str]:
        """Return a pseudonym and who it is, sealed for the log. Slow: call it in a thread."""
        ...

    def seal_identity(self, cardholder: CardholderId, identity: Identity) -> str:
        """Return who somebody is, sealed for the log. Slow: call it in a thread."""
        ...

    def seal_template(self, cardholder: CardholderId, engine: str, vector: bytes) -> str:
        """Return an engine's template, sealed for the log. Slow: call it in a thread."""
        ...

    def seal_portrait(self, cardholder: CardholderId, jpeg: bytes) -> str:
        """Return a portrait, sealed for the log. Slow: call it in a thread."""
        ...

    def portrait_at(self, cardholder: CardholderId) -> int | None:
        """Return the number of the record that holds somebody's portrait, or None."""
        ...

    def portrait(self, cardholder: CardholderId, sealed: str) -> bytes | None:
        """Return a portrait (JPEG) as the record holds it, opened; None once one of its keys is gone."""
        ...

    def adopt_card(self, token: str, handle: str, subject: CardholderId) -> None:
        """From now on ``handle`` stands for the card that ``token`` stood for, as this person's. Slow."""
        ...

    def seal_text(self, kind: str, day: date, text: str) -> str:
        """Return what an operator typed, sealed under the key of its kind and day. Waits for no disk."""
        ...

    def keep_new(self) -> None:
        """Make durable the keys of what was sealed. Slow: call it in a thread."""
        ...

    def text(self, text: str) -> str:
        """Return what an operator typed, opened; as it is, where it was never sealed."""
        ...

    def destroy_erased(self) -> None:
        """Destroy the keys of everybody who is erased. Slow: call it in a thread."""
        ...


class Wires(Protocol):
    """What is seen of the readers' wires, and of the link to the broker."""

    def wires(self) -> Sequence[WireFacts]:
        """Return what is known of every OSDP device's wire."""
        ...

    def broker(self) -> BrokerFacts | None:
        """Return how the link to the broker stands; None where there is none."""
        ...


class Histories(Protocol):
    """What is searched besides the log."""

    def history(self, what: str, subject: str, *, before: int | None, limit: int) -> Sequence[Recorded]:
        """Return durable records about a ``person`` or a ``door``, the newest first. Slow: call it in a thread."""
        ...


class CardSecrets(Protocol):
    """Turns what is shown at a reader into what may stand in the log."""

    def card_token(self, card_format: str, number: str) -> str:
        """Return what stands for a card."""
        ...

    def pin_proof(self, credential: CredentialId, digits: str) -> str:
        """Return what stands for a PIN."""
        ...


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey's public half. ``id`` is base64url, ``public_key`` COSE (RFC 9052), ``counter`` how often it signed."""

    id: str
    public_key: bytes
    counter: int
    name: str
    added: datetime


class Factors(Protocol):
    """The operators' second factors. Everything here is slow: call it in a thread."""

    def methods(self, operator: OperatorId) -> frozenset[SecondFactor]:
        """Return what this operator may show."""
        ...

    def begin_totp(self, operator: OperatorId) -> str:
        """Make a secret (base32) for a code generator. Raises ``ValueError`` where one is set up."""
        ...

    def confirm_totp(self, operator: OperatorId, code: str, now: datetime) -> bool:
        """Take the secret into use if the code is one of it."""
        ...

    def totp_counts(self, operator: OperatorId, code: str, now: datetime) -> bool:
        """Tell whether a code is right, and was not shown before; from then on it was."""
        ...

    def drop_totp(self, operator: OperatorId) -> bool:
        """Forget the code generator; False where there was none."""
        ...

    def passkeys(self, operator: OperatorId) -> list[Passkey]:
        """Return an operator's passkeys."""
        ...

    def add_passkey(self, operator: OperatorId, passkey: Passkey) -> None:
        """Keep a new passkey. Raises ``ValueError``."""
        ...

    def passkey_used(self, operator: OperatorId, passkey: str, counter: int) -> bool:
        """Keep how often a passkey has signed; False where it may have been copied."""
        ...

    def drop_passkey(self, operator: OperatorId, passkey: str) -> bool:
        """Forget a passkey; False where it was not this operator's."""
        ...

    def make_recovery_codes(self, operator: OperatorId) -> list[str]:
        """Make new recovery codes, each good once."""
        ...

    def recovery_counts(self, operator: OperatorId, code: str) -> bool:
        """Tell whether a recovery code is right; from then on it is used up."""
        ...

    def recovery_codes_left(self, operator: OperatorId) -> int:
        """Return how many recovery codes are left."""
        ...


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What an order with an idempotency key was answered. ``status`` None: it was begun, and not answered yet.

    ``fingerprint``: of the whole request.
    """

    fingerprint: str
    at: datetime
    status: int | None
    body: bytes


class Answers(Protocol):
    """What orders with a key were answered. Everything here is slow: call it in a thread."""

    def find(self, operator: OperatorId, key: str) -> KeptAnswer | None:
        """Return what is known of an operator's key."""
        ...

    def keep(self, operator: OperatorId, key: str, answer: KeptAnswer, oldest: datetime, most: int) -> None:
        """Keep it; give up what is older than ``oldest``, and what is more than ``most`` of this operator."""
        ...

    def forget(self, operator: OperatorId, key: str) -> None:
        """Let a key be free again."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """How it went to tell a webhook of event ``number``: ``delivered``, ``failed`` or, given up, ``dead``."""

    number: int
    at: datetime
    outcome: str
    status: int | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class WebhookStanding:
    """How far a webhook is: the last event that was told, how many wait, and what the last try came to."""

    delivered: int = 0
    waiting: int = 0
    dead: int = 0
    tries: int = 0
    retry_at: datetime | None = None
    problem: str | None = None


class Hooks(Protocol):
    """Whoever tells the webhooks."""

    def standing(self, webhook: str) -> WebhookStanding:
        """Return how far a webhook is."""
        ...

    async def deliveries(self, webhook: str, *, before: int | None, limit: int) -> list[tuple[int, Delivery]]:
        """Return its deliveries with their ids below ``before``, the newest first."""
        ...


class Programs(Protocol):
    """The secrets of programs: tokens they ask with, and what webhooks sign with. What writes is slow."""

    def make_token(self, token: OperatorId) -> str:
        """Make a token's secret, and return it for the only time."""
        ...

    def forget_token(self, token: OperatorId) -> None:
        """Let a token's secret count no longer."""
        ...

    def token_counts(self, token: OperatorId, secret: str) -> bool:
        """Tell whether a secret is the token's. Does not wait."""
        ...

    def token_used(self, token: OperatorId, at: datetime) -> bool:
        """Note a use; tell whether it is time to keep that. Does not wait."""
        ...

    def keep_use(self, token: OperatorId) -> None:
        """Keep when a token was last used."""
        ...

    def last_use(self, token: OperatorId) -> datetime | None:
        """Return when a token was last used. Does not wait."""
        ...

    def make_webhook_secret(self, webhook: str, now: datetime, *, rotate: bool = False) -> str:
        """Make the secret a webhook signs with, and return it for the only time."""
        ...

    def webhook_secrets(self, webhook: str, now: datetime) -> list[str]:
        """Return what to sign with, the newest first."""
        ...

    def forget_webhook(self, webhook: str) -> None:
        """Forget what a webhook signed with."""
        ...


class Passwords(Protocol):
    """The operators' passwords, as hashes."""

    @property
    def factors(self) -> Factors:
        """The second factors beside them."""
        ...

    @property
    def programs(self) -> Programs:
        """The secrets of programs."""
        ...

    @property
    def answers(self) -> Answers:
        """What orders with an idempotency key were answered."""
        ...

    def forget_operator(self, operator: OperatorId) -> None:
        """Forget passwords and second factors. Slow: call it in a thread."""
        ...

    def has_password(self, operator: OperatorId) -> bool:
        """Tell whether this operator has a password already."""
        ...

    def password_matches(self, operator: OperatorId, password: str) -> bool:
        """Tell whether the password is right; takes as long for operators nobody knows. Slow: call it in a thread."""
        ...

    def duress_matches(self, operator: OperatorId, password: str) -> bool:
        """Tell whether it is the password for when somebody forces them. Takes as long as ``password_matches``."""
        ...

    def set_duress_password(self, operator: OperatorId, password: str) -> None:
        """Keep the password for when somebody forces them. Slow: call it in a thread."""
        ...

    def password_is_one_time(self, operator: OperatorId) -> bool:
        """Tell whether the operator has yet to choose a password of their own."""
        ...

    def set_password(self, operator: OperatorId, password: str, *, one_time: bool) -> None:
        """Keep a new password (its argon2id hash). Slow: call it in a thread."""
        ...

    def leaked(self) -> Leaked:
        """Return the passwords that are tried first, and that nobody may choose. Slow: call it in a thread."""
        ...


class Heads(Protocol):
    """Whoever turns the cameras of one kind of head. What fails is told to whoever made it, never raised."""

    async def start(self) -> None:
        """Begin; a head that is not there is told, and no error."""
        ...

    async def stop(self) -> None:
        """Stop every head, and end."""
        ...

    def obey(self, order: HeadOrder, by: float) -> None:
        """Have an order done, before monotonic ``by``; never blocks. A stop is never too late. A movement ends by its
        seconds, whatever becomes of this process.
        """
        ...
