"""Who may pass which door: a tuple of small checks, read top to bottom. All of them run, so that the log holds every
reason and every fact that was looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from controller.domain.decision import (
    AccessRequest,
    Challenge,
    Check,
    Decision,
    Deny,
    DenyReason,
    FaceOutcome,
    Grant,
)
from controller.domain.ids import OUTSIDE, ZoneId
from controller.domain.instant import Instant
from controller.domain.people import CredentialStatus
from controller.domain.site import (
    AccessLevel,
    AntiPassback,
    Assurance,
    Factor,
    SecurityLevel,
    Site,
)
from controller.domain.state import SiteState
from controller.rules.case import Case, Finding, companion_of, threat_in_force
from controller.rules.companions import TOGETHER, second_person
from controller.rules.escort import escorted
from controller.rules.factors import factors_needed, guard_confirms, pin_alone, proven, search, typed_alone
from controller.rules.first_person import nobody_first
from controller.rules.guarded import area_armed
from controller.rules.interlock import busy
from controller.rules.schedule import When, when
from controller.rules.threat import lets_in
from controller.rules.visitors import host_approved, signed_in

STATUS_REASONS = {
    CredentialStatus.SUSPENDED: DenyReason.CREDENTIAL_SUSPENDED,
    CredentialStatus.LOST: DenyReason.CREDENTIAL_LOST,
    CredentialStatus.STOLEN: DenyReason.CREDENTIAL_STOLEN,
    CredentialStatus.EXPIRED: DenyReason.CREDENTIAL_EXPIRED,
    CredentialStatus.RETURNED: DenyReason.CREDENTIAL_RETURNED,
    CredentialStatus.WATCH_LISTED: DenyReason.CREDENTIAL_WATCH_LISTED,
}
POOR_FACE = frozenset(
    {
        FaceOutcome.TOO_SMALL,
        FaceOutcome.BLURRED,
        FaceOutcome.TURNED,
        FaceOutcome.BAD_LIGHT,
        FaceOutcome.SEVERAL_FACES,
        FaceOutcome.UNSURE,
        FaceOutcome.NO_TEMPLATE,
        FaceOutcome.OTHER_ENGINE,
        FaceOutcome.NO_CAMERA,
    }
)

KEPT_STEPS = 4096
"""How many different steps of a trace are kept made."""


def decide(site: Site, state: SiteState, request: AccessRequest, now: Instant) -> Decision:
    """Decide one request: pure and total. An error inside a check denies."""
    case = _resolve(site, state, request, now)
    if isinstance(case, Deny):
        return case
    trace = _trace(case)
    refused = [step.refused for step in trace if step.refused is not None]
    if refused:
        return Deny(tuple(dict.fromkeys(refused)), trace)
    missing = factors_needed(case) - proven(request)
    return Challenge(missing, trace) if missing else Grant(trace)


def _resolve(site: Site, state: SiteState, request: AccessRequest, now: Instant) -> Case | Deny:
    reader = site.readers.get(request.reader)
    if reader is None:
        return _unresolved("reader", f"reader {request.reader}", DenyReason.UNKNOWN_READER)
    credential = state.credentials.get(request.credential) if request.credential else None
    holder = state.people.get(credential.cardholder) if credential else None
    if credential is None or holder is None:
        if typed_alone(request):
            return _unresolved("credential", "a personal PIN that is nobody's", DenyReason.WRONG_PIN)
        return _unresolved("credential", f"credential {request.credential}", DenyReason.UNKNOWN_CREDENTIAL)
    door, zone = site.doors[reader.door], site.zones[reader.enters]
    way_in = reader.enters == door.zones[1]  # a door names its outer side first
    threat = threat_in_force(site, state)
    return Case(site, state, request, now, reader, door, zone, credential, holder, threat, way_in)


def _unresolved(name: str, facts: str, reason: DenyReason) -> Deny:
    return Deny((reason,), (Check(name, facts, reason),))


def _trace(case: Case) -> tuple[Check, ...]:
    """Run every check. Where one fails all run again, guarded one by one: they are pure, and it hardly ever happens."""
    try:
        return tuple([_step(name, check(case)) for name, check in CHECKS])
    except Exception:  # noqa: BLE001 - the guarded run says which, and denies
        return tuple(_run(name, check, case) for name, check in CHECKS)


def _run(name: str, check: Callable[[Case], Finding], case: Case) -> Check:
    try:
        finding = check(case)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong inside a check denies
        return Check(name, f"the check failed: {error!r}", DenyReason.CHECK_FAILED)
    return _step(name, finding)


@lru_cache(maxsize=KEPT_STEPS)
def _step(name: str, finding: Finding) -> Check:
    """Return a step of the trace. Most say what thousands said before, and looking one up beats making it fivefold."""
    return Check(name, finding.facts, finding.refused, finding.remark)


def _status(case: Case) -> Finding:
    status = case.credential.status
    return Finding(f"credential {case.credential.id} is {status}", STATUS_REASONS.get(status))


def _validity(case: Case) -> Finding:
    start, end = case.credential.valid_from, case.credential.valid_until
    facts = f"valid from {_day(start)} until {_day(end)}" if start or end else "valid without an end"
    if end is not None and _latest(case) >= end:  # a clock set back never revives an expired badge
        return Finding(facts, DenyReason.CREDENTIAL_EXPIRED)
    if start is not None and case.now.wall < start:
        return Finding(facts, DenyReason.NOT_YET_VALID)
    return Finding(facts)


def _assurance(case: Case) -> Finding:
    return _assured(case.credential.assurance, case.zone.minimum_assurance, case.zone.id)


@lru_cache(maxsize=KEPT_STEPS)
def _assured(has: Assurance, needs: Assurance, zone: ZoneId) -> Finding:
    facts = f"badge {has.name.lower()}, {zone} asks for {needs.name.lower()}"
    return Finding(facts, DenyReason.ASSURANCE_TOO_LOW if has < needs else None)


_CLOCK_TRUSTED = Finding("the clock is trusted")


def _clock(case: Case) -> Finding:
    if case.state.clock_trusted:
        return _CLOCK_TRUSTED
    if case.zone.id == OUTSIDE:
        return Finding("outside needs no clock")
    always = any(case.site.schedules[level.schedule].always for level in _levels(case))
    refused = not always or case.zone.level is SecurityLevel.EXCLUSION
    return Finding(
        f"the clock is not trusted; a right at all times: {_yes(always)}; zone level {case.zone.level.name.lower()}",
        DenyReason.CLOCK_NOT_TRUSTED if refused else None,
    )


def _right(case: Case) -> Finding:
    if case.zone.id == OUTSIDE:
        return Finding("going outside takes no right")
    levels = _levels(case)
    if not levels:
        return Finding(f"no access level of {case.holder.id} covers {case.zone.id}", DenyReason.NO_ACCESS_RIGHT)
    schedules, wall = case.site.schedules, case.now.wall
    found = [when(schedules[level.schedule], case.site, wall) for level in levels]
    facts = ", ".join([f"{level.id} {state}" for level, state in zip(levels, found, strict=True)])
    if When.HOLDS in found:
        return Finding(facts)
    return Finding(facts, DenyReason.HOLIDAY if When.HOLIDAY in found else DenyReason.SCHEDULE_OUTSIDE)


def _clearance(case: Case) -> Finding:
    needed = case.threat.minimum_clearance.get(case.zone.id, 0)
    return _cleared(case.holder.clearance, needed, case.threat.number)


@lru_cache(maxsize=KEPT_STEPS)
def _cleared(has: int, needed: int, level: int) -> Finding:
    facts = f"clearance {has}, {needed} needed at threat level {level}"
    return Finding(facts, DenyReason.CLEARANCE_TOO_LOW if has < needed else None)


_NO_COMPETENCY = Finding("no competency needed")


def _competency(case: Case) -> Finding:
    """Whoever enters holds every competency of the zone, today. A clock set back never revives one."""
    needed = case.zone.competencies if case.way_in else frozenset()
    if not needed:
        return _NO_COMPETENCY
    held = {one.competency: one.valid_until for one in case.holder.competencies}
    over = [one for one in sorted(needed & held.keys()) if (end := held[one]) is not None and end <= _latest(case)]
    if over or needed - held.keys():
        missing = [f"{one} expired {_day(held[one])}" for one in over]
        missing += [f"{one} never held" for one in sorted(needed - held.keys())]
        return Finding(", ".join(missing), DenyReason.COMPETENCY_EXPIRED)
    return Finding(", ".join(f"{one} until {_day(held[one])}" for one in sorted(needed)))


def _threat(case: Case) -> Finding:
    locked = case.door.id in case.threat.locked_doors
    facts = f"threat level {case.threat.number} {'locks' if locked else 'does not lock'} {case.door.id}"
    return Finding(facts, DenyReason.THREAT_LEVEL if locked else None)


_NO_LOCKDOWN, _NOT_BLOCKED = Finding("no lockdown"), Finding("not blocked")


def _lockdown(case: Case) -> Finding:
    return _NO_LOCKDOWN if case.state.lockdown is None else Finding("lockdown", DenyReason.LOCKDOWN)


def _blocked(case: Case) -> Finding:
    block = case.state.door(case.door.id).block
    return _NOT_BLOCKED if block is None else Finding(f"blocked by {block.operator}", DenyReason.DOOR_BLOCKED)


def _anti_passback(case: Case) -> Finding:
    """A badge whose holder the building knows to be elsewhere. Unknown never denies, and the way out never waits."""
    rule = _passback_rule(case)
    seen = case.state.sightings.get(case.holder.id)
    known = case.state.locations.get(case.holder.id)
    if rule is AntiPassback.OFF or known is None or known == case.reader.leaves or seen is None:
        return Finding(f"anti-passback {rule}; {case.holder.id} is {f'in {known}' if known else 'anywhere'}")
    ago = case.now.mono - seen.mono
    facts = f"anti-passback {rule}; {case.holder.id} is in {known} since {ago:.0f} s, this is {case.reader.leaves}"
    if rule is AntiPassback.HARD or (rule is AntiPassback.TIMED and ago < case.zone.anti_passback_seconds):
        return Finding(facts, DenyReason.ANTI_PASSBACK)
    return Finding(facts, remark=DenyReason.ANTI_PASSBACK)


def _passback_rule(case: Case) -> AntiPassback:
    """Return the rule of the zone that is entered; on the way out any rule is a remark at most."""
    if case.way_in:
        return case.zone.anti_passback
    rules = {case.zone.anti_passback, case.site.zones[case.reader.leaves].anti_passback}
    return AntiPassback.OFF if rules == {AntiPassback.OFF} else AntiPassback.SOFT


def _occupancy(case: Case) -> Finding:
    """Whoever is known to be in, and whoever may enter any moment, counts. On the way out it is only a remark."""
    limit, zone = case.zone.occupancy_limit, case.zone.id
    if limit is None:
        return Finding(f"{zone} holds any number")
    inside = case.state.headcount.get(zone, 0) - (case.state.locations.get(case.holder.id) == zone)
    beside = companion_of(case)
    with_them = {beside.id} if beside and case.state.locations.get(beside.id) != zone else set()
    open_grants = case.state.open_grants(case.now.mono)
    coming = len(({p.cardholder for _, p in open_grants if p.enters == zone} | with_them) - {case.holder.id})
    facts = f"{inside} others in {zone}, {coming} about to enter, {limit} at most"
    if inside + coming < limit:
        return Finding(facts)
    return Finding(facts, DenyReason.ZONE_FULL) if case.way_in else Finding(facts, remark=DenyReason.ZONE_FULL)


_NO_OTHER_LEAF = Finding("no other leaf keeps it shut")


def _interlock(case: Case) -> Finding:
    held = busy(case.site, case.state, case.door.id, case.now.mono) if case.site.interlocks else None
    return _NO_OTHER_LEAF if held is None else Finding(held, DenyReason.INTERLOCK)


NO_OTHER_GRANT = Finding("no open grant elsewhere")


def _pending_elsewhere(case: Case) -> Finding:
    elsewhere = [door for door in case.state.grants_of(case.holder.id, case.now.mono) if door != case.door.id]
    return Finding(f"open grant at {min(elsewhere)}", DenyReason.GRANT_PENDING) if elsewhere else NO_OTHER_GRANT


_NO_PIN, _PIN_RIGHT = Finding("no PIN shown now"), Finding("the PIN was right")


def _pin(case: Case) -> Finding:
    tries = case.state.pin_tries.get(case.credential.id)
    locked = tries is not None and tries.locked_until is not None and case.now.mono < tries.locked_until
    if locked and (case.request.pin_right is not None or Factor.PIN in factors_needed(case)):
        return Finding("too many wrong PINs", DenyReason.TOO_MANY_PIN_TRIES)
    if case.request.pin_right is False:
        return Finding("the PIN was wrong", DenyReason.WRONG_PIN)
    return _NO_PIN if case.request.pin_right is None else _PIN_RIGHT


_NO_FACE, _LOG_WRITTEN = Finding("no face shown now"), Finding("the log is written")


def _face(case: Case) -> Finding:
    outcome = case.request.face
    if outcome is None:
        return _NO_FACE
    if outcome is FaceOutcome.MISMATCH:
        return Finding("the face is not the badge holder's", DenyReason.FACE_DOES_NOT_MATCH)
    if outcome is FaceOutcome.NOT_LIVE:
        return Finding("the face is a picture, not a person", DenyReason.FACE_NOT_LIVE)
    if outcome is FaceOutcome.NOBODY:
        return Finding("no face was shown", DenyReason.FACTOR_NOT_PRESENTED)
    if outcome in POOR_FACE:
        return Finding(f"the face could not be judged: {outcome}", DenyReason.FACE_TOO_POOR)
    return Finding("the face matched")


_IN_TIME = Finding("in time")


def _in_time(case: Case) -> Finding:
    """Where nothing but another person was missing, the checks of that person say so."""
    if not case.request.late:
        return _IN_TIME
    missing = factors_needed(case) - proven(case.request)
    only_others = missing and missing <= TOGETHER
    facts = "the badge, or what it was challenged for, was not presented in time"
    return Finding(facts, None if only_others else DenyReason.FACTOR_NOT_PRESENTED)


def _log(case: Case) -> Finding:
    if not case.state.log_late:
        return _LOG_WRITTEN
    return Finding("the log cannot be written in time", DenyReason.LOG_CANNOT_BE_WRITTEN)


CHECKS: tuple[tuple[str, Callable[[Case], Finding]], ...] = (
    ("status", _status),
    ("validity", _validity),
    ("assurance", _assurance),
    ("clock", _clock),
    ("right", _right),
    ("clearance", _clearance),
    ("competency", _competency),
    ("threat level", _threat),
    ("who may pass", lets_in),
    ("lockdown", _lockdown),
    ("block", _blocked),
    ("occupancy", _occupancy),
    ("anti-passback", _anti_passback),
    ("first person", nobody_first),
    ("second person", second_person),
    ("escort", escorted),
    ("visitor", signed_in),
    ("host", host_approved),
    ("interlock", _interlock),
    ("area", area_armed),
    ("grant elsewhere", _pending_elsewhere),
    ("pin alone", pin_alone),
    ("pin", _pin),
    ("face", _face),
    ("guard", guard_confirms),
    ("search", search),
    ("in time", _in_time),
    ("log", _log),
)
"""The policy, read top to bottom."""


def _levels(case: Case) -> list[AccessLevel]:
    held = (case.site.access_levels.get(level) for level in sorted(case.holder.levels))
    return [lv for lv in held if lv and (case.zone.id in lv.zones or case.door.id in lv.doors)]


def _latest(case: Case) -> datetime:
    last = case.state.last
    return case.now.wall if last is None else max(case.now.wall, last.wall)


def _day(moment: datetime | None) -> str:
    return "ever" if moment is None else moment.isoformat(timespec="minutes")


def _yes(value: bool) -> str:  # noqa: FBT001 - one word for one flag
    return "yes" if value else "no"
