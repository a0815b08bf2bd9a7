"""What every check of a decision looks at, and what it says."""

from __future__ import annotations

from typing import NamedTuple

from controller.domain.decision import AccessRequest, DenyReason
from controller.domain.instant import Instant
from controller.domain.people import Cardholder, Credential
from controller.domain.site import Door, Reader, Site, ThreatLevel, Zone
from controller.domain.state import SiteState


class Case(NamedTuple):
    """A request with everything it refers to, resolved. ``way_in``: its reader leads inwards, to the inner zone.

    A tuple, since one is made for each decision.
    """

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
    way_in: bool


class Finding(NamedTuple):
    """What one check saw and, if it refuses, why; or why it would, had the policy not asked for a remark only.

    A tuple, since one is made for each check of each decision, and a frozen dataclass takes three times as long.
    """

    facts: str
    refused: DenyReason | None = None
    remark: DenyReason | None = None


def companion_of(case: Case) -> Cardholder | None:
    """Return who shows their badge together with this one."""
    companion = case.request.companion
    credential = case.state.credentials.get(companion.credential) if companion else None
    return case.state.people.get(credential.cardholder) if credential else None


def threat_in_force(site: Site, state: SiteState) -> ThreatLevel:
    """Return the threat level's policy. A level that the site file no longer knows counts as its strictest."""
    known = site.threat_levels.get(state.threat_level)
    return site.threat_levels[max(site.threat_levels)] if known is None else known
