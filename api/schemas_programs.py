"""What the API says of programs: tokens they ask with, and webhooks they are told by."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from api.model import Model, Text
from api.programs import NAME
from api.schemas import EventKind
from controller.domain.integrations import Scope

ProgramName = Annotated[str, StringConstraints(pattern=f"^{NAME}$")]
Url = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=r"^https?://[!-~]+$")]


class TokenIn(Model):
    """A program that is let in. ``zones``: where the token counts; null: everywhere. A year is the longest."""

    name: ProgramName = Field(examples=["building-automation"])
    scopes: Annotated[list[Scope], Field(min_length=1)] = Field(examples=[["read_state", "read_events"]])
    zones: list[str] | None = Field(default=None, examples=[None])
    expires: AwareDatetime = Field(examples=["2027-06-01T00:00:00Z"])
    reason: Text = Field(examples=["The building automation shows which doors stand open."])


class TokenOut(Model):
    """A token, without what proves it. ``used``: when it was last used, to the minute after a restart."""

    name: str
    scopes: list[Scope]
    zones: list[str] | None
    expires: datetime
    expired: bool
    used: datetime | None


class TokensOut(Model):
    """Every token that was not revoked."""

    tokens: list[TokenOut]


class TokenMadeOut(Model):
    """A new token: ``token`` is shown this once."""

    name: str
    token: str


class WebhookIn(Model):
    """Where to tell of events. No ``kinds``: of all. The site file's ``[integrations]`` names the targets."""

    name: ProgramName = Field(examples=["siem"])
    url: Url = Field(examples=["https://192.0.2.20:8443/ostiary"])
    kinds: list[EventKind] = Field(default=[], examples=[["alarm_raised", "access_denied"]])
    reason: Text = Field(examples=["The mission's log server."])


class WebhookSecretOut(Model):
    """What a webhook signs with: ``secret`` is shown this once."""

    name: str
    secret: str


class WebhookOut(Model):
    """A webhook, and how far it is: ``delivered`` is the last event that was told, ``waiting`` how many are not.

    ``retry_at``: when the next try is due, where the last one failed with ``problem``. ``dead``: how many it gave up.
    """

    name: str
    url: str
    kinds: list[EventKind]
    allowed: bool
    delivered: int
    waiting: int
    tries: int
    retry_at: datetime | None
    problem: str | None
    dead: int


class WebhooksOut(Model):
    """Every webhook."""

    webhooks: list[WebhookOut]


class DeliveryOut(Model):
    """One event that was told, or is given up (``dead``)."""

    number: int
    at: datetime
    outcome: str = Field(json_schema_extra={"enum": ["delivered", "failed", "dead"]})
    status: int | None
    problem: str | None


class DeliveriesOut(Model):
    """What was told lately, the newest first. ``before``: pass it on for the page that follows."""

    deliveries: list[DeliveryOut]
    before: int | None
