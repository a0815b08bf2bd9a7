"""What the prover says: an invariant holds, or here is who breaks it, on which way and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from controller.domain.ids import ZoneId
from controller.domain.invariants import Invariant
from controller.domain.people import CardholderKind
from controller.domain.site import Assurance, Factor, Site
from controller.prove.symbols import HIGHEST_CLEARANCE
from controller.prove.ways import How, Way

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
KIND_WORDS = {
    CardholderKind.STAFF: "a member of staff",
    CardholderKind.LOCAL_STAFF: "a local member of staff",
    CardholderKind.CONTRACTOR: "a contractor",
    CardholderKind.VISITOR: "a visitor",
}
SHOWN_WORDS = {
    Factor.CARD: "badge",
    Factor.PIN: "PIN",
    Factor.FACE: "face",
    Factor.GUARD: "a guard's look",
    Factor.SECOND_PERSON: "a second person's badge",
    Factor.ESCORT: "an escort's badge",
}


@dataclass(frozen=True, slots=True)
class Someone:
    """A person as the proof needs them: they may hold more, this much is enough."""

    kind: CardholderKind
    clearance: int
    assurance: Assurance
    levels: tuple[str, ...]
    competencies: tuple[str, ...]
    escorted: bool

    def __str__(self) -> str:
        has = [f"access level {', '.join(self.levels)}"] if self.levels else ["no access level"]
        has += [f"clearance {self.clearance}"] if 0 < self.clearance < HIGHEST_CLEARANCE else []
        has += [f"trained for {', '.join(self.competencies)}"] if self.competencies else []
        has += ["an escort"] if self.escorted and self.kind is CardholderKind.VISITOR else []
        has += ["a badge that can be copied"] if self.assurance is Assurance.COPYABLE else []
        return f"{KIND_WORDS[self.kind]} with {', '.join(has)}"


@dataclass(frozen=True, slots=True)
class When:
    """A local time, and what is out of the ordinary then. ``holiday``: also the night after one."""

    weekday: int
    minute: int
    holiday: bool
    threat: int
    lockdown: bool
    clock_trusted: bool

    def __str__(self) -> str:
        said = f"{DAYS[self.weekday]} {self.minute // 60:02}:{self.minute % 60:02}"
        said += ", on a holiday" if self.holiday else ""
        said += f", threat level {self.threat}"
        said += ", in a lockdown" if self.lockdown else ""
        return said if self.clock_trusted else f"{said}, the clock not trusted"


@dataclass(frozen=True, slots=True)
class Step:
    """One door passed. ``shown``: what was shown there; nothing where no badge was needed."""

    way: Way
    when: When
    shown: tuple[Factor, ...]

    def told(self, site: Site) -> str:
        """Return the line of a path."""
        places = f"{site.zones[self.way.leaves].name} to {site.zones[self.way.enters].name}"
        means = {
            How.BADGE: "by " + " and ".join(SHOWN_WORDS[factor] for factor in self.shown),
            How.UNLOCKED: "the door stands unlocked",
            How.HANDLE: "by the handle or the exit button",
        }
        return f"{self.when}: {self.way.door.name}, {places}, {means[self.way.how]}"


@dataclass(frozen=True, slots=True)
class Counterexample:
    """How an invariant is broken. ``start`` is where it begins; ``inside``: and nobody gets there from outside."""

    someone: Someone | None
    start: ZoneId
    steps: tuple[Step, ...]
    inside: bool = False
    stuck_in: tuple[ZoneId, ...] = ()  # for a way that is missing: the zones that are reached at most
    when: When | None = None

    def lines(self, site: Site) -> list[str]:
        """Return it for a security officer."""
        start = site.zones[self.start].name
        if self.stuck_in:
            return [self._stuck(site, start)]
        if self.someone is None:
            return [step.told(site) for step in self.steps]
        who = f"{self.someone}, who is in {start} already" if self.inside else f"{self.someone}, from {start}"
        return [f"{who}:", *(f"  {step.told(site)}" for step in self.steps)]

    def plain(self, site: Site) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {
            "lines": self.lines(site),
            "start": self.start,
            "doors": [step.way.door.id for step in self.steps],
            "stuck_in": list(self.stuck_in),
        }

    def _stuck(self, site: Site, start: str) -> str:
        names = ", ".join(site.zones[zone].name for zone in self.stuck_in)
        who = f"{self.someone}, " if self.someone else "whoever is there, "
        when = f"{self.when}: " if self.when else ""
        return f"{when}{who}from {start}, gets no further than {names}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one invariant."""

    invariant: Invariant
    broken: Counterexample | None

    def plain(self, site: Site) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {
            "id": self.invariant.id,
            "name": self.invariant.name,
            "holds": self.broken is None,
            "counterexample": self.broken.plain(site) if self.broken else None,
        }
