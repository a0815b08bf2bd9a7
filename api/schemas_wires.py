"""What the API tells of the readers' wires."""

from __future__ import annotations

from datetime import datetime

from api.model import Model
from controller.domain.events import Violation
from controller.domain.hygiene import Flaw, Hygiene, WireFacts


class FlawOut(Model):
    """Why a reader's wire lost points, and how many."""

    flaw: Flaw
    points: int


class WireHygieneOut(Model):
    """How well an OSDP device's wire is kept: ``score`` from 100 down to 0, as of now.

    ``key_made`` is null where nobody knows, or the channel is off (``secured`` false). Times are seconds since the box
    started, or was last rewired. ``violations`` counts attempts on the wire by their kind.
    """

    device: str
    score: int
    lost: list[FlawOut]
    secured: bool
    key_made: datetime | None
    key_exposed: bool
    watched_seconds: float
    secured_seconds: float
    polls: int
    unanswered: int
    violations: dict[Violation, int]


def wire_hygiene_of(facts: WireFacts, hygiene: Hygiene) -> WireHygieneOut:
    """Return how well one wire is kept. The key itself is nobody's to see."""
    return WireHygieneOut(
        device=facts.device,
        score=hygiene.score,
        lost=[FlawOut(flaw=flaw, points=points) for flaw, points in hygiene.lost],
        secured=facts.key is not None,
        key_made=facts.key.made if facts.key else None,
        key_exposed=facts.key is not None and facts.key.exposed,
        watched_seconds=facts.seconds,
        secured_seconds=facts.secured_seconds,
        polls=facts.polls,
        unanswered=facts.unanswered,
        violations=dict(facts.violations),
    )
