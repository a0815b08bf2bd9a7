"""What every check of a decision looks at, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from controller.domain.decision import AccessRequest, DenyReason
from controller.domain.instant import Instant
from controller.domain.people import Cardholder, Credential
from controller.domain.site import Door, Reader, Site, ThreatLevel, Zone
from controller.domain.state import SiteState


@dataclass(frozen=True, slots=True)
class Case:
    """A request with everything it refers to, resolved."""

    site: Site
    state: SiteState
    request: AccessRequest
    now: Instant
    reader: Reader
    door: Door
    zone: Zone
    credential: Credential
    holder: Cardholder
    threat: ThreatLevel

    @property
    def way_in(self) -> bool:
        """Tell whether this reader leads inwards: a door names its outer side first."""
        return self.reader.enters == self.door.zones[1]


class Finding(NamedTuple):
    """What one check saw and, if it refuses, why; or why it would, had the policy not asked for a remark only.

    A tuple, since one is made for each check of each decision, and a frozen dataclass takes three times as long.
    """

    facts: str
    refused: DenyReason | None = None
    remark: DenyReason | None = None


def threat_in_force(site: Site, state: SiteState) -> ThreatLevel:
    """Return the threat level's policy. A level that the site file no longer knows counts as its strictest."""
    strictest = site.threat_levels[max(site.threat_levels)]
    return site.threat_levels.get(state.threat_level, strictest)
