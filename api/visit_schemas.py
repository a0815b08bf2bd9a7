"""What the desk tells of visitors, and asks about them, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from api.model import Model, Text
from api.schemas import Name, WhoOut

MOST_LEVELS = 16


class VisitorIn(Model):
    """Who is expected, by whom and when; the end is excluded. Without an ``escort`` any escort may go with them."""

    name: Annotated[Text, Field(min_length=1)]
    host: Name
    escort: Name | None = None
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    levels: Annotated[list[Name], Field(max_length=MOST_LEVELS, default_factory=list)]


class HostIn(Model):
    """A part of a host's name; ``escort``: of somebody who may go with a visitor."""

    text: Annotated[Text, Field(min_length=3)]
    escort: bool = False


class HostsOut(Model):
    """Who may be meant."""

    hosts: list[WhoOut]


class BadgeIn(Model):
    """The badge a visitor is handed, and who goes with them; null: as it was registered."""

    credential: Name
    escort: Name | None = None


class BadgeBackIn(Model):
    """Whether the badge came back."""

    badge_returned: bool


class VisitOut(Model):
    """A visit that is not over: it is once the badge is back."""

    visitor: WhoOut
    host: WhoOut
    escort: WhoOut | None
    valid_from: datetime
    valid_until: datetime
    approved: bool
    signed_in: bool
    overdue: bool
    credential: str | None


class VisitorLevelOut(Model):
    """An access level that visitors may be given."""

    id: str
    name: str


class VisitsOut(Model):
    """Who is expected, here, or left with a badge; by when they are expected.

    ``after``: pass it on for the page that follows. ``badges`` may be handed out now, ``levels`` be given to a visitor.
    """

    visits: list[VisitOut]
    after: str | None
    badges: list[str]
    levels: list[VisitorLevelOut]
