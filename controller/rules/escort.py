"""Visitors go with an escort: who may be one, whose badge comes first, and how far away an escort may be."""

from __future__ import annotations

from controller.domain.decision import DenyReason
from controller.domain.ids import CardholderId
from controller.domain.people import Cardholder
from controller.domain.site import EscortOrder, EscortRule, Factor
from controller.domain.state import SiteState
from controller.rules.case import Case, Finding, companion_of

ASKED = frozenset({Factor.ESCORT})
NOTHING: frozenset[Factor] = frozenset()

NO_ESCORT = Finding("no escort asked for")
WAITS_FOR_AN_ESCORT = Finding("an escort is asked for")
NO_ESCORT_CAME = Finding("an escort is asked for, and none came", DenyReason.ESCORT_NEEDED)
ESCORT_COMES_FIRST = Finding("an escort goes first here, and none did", DenyReason.ESCORT_NEEDED)


def escort_wanted(case: Case) -> frozenset[Factor]:
    """Return the factor, where a visitor waits for the escort's badge."""
    rule = _rule(case)
    if rule is None or rule.order is EscortOrder.ESCORT_FIRST or _gone_ahead(case, rule) is not None:
        return NOTHING
    return ASKED


def escorted(case: Case) -> Finding:
    """The check: whoever needs an escort comes with one, who is near and has not too many to look after."""
    rule = _rule(case)
    if rule is None:
        return NO_ESCORT
    escort = companion_of(case) or _gone_ahead(case, rule)
    if escort is None:
        if rule.order is EscortOrder.ESCORT_FIRST:
            return ESCORT_COMES_FIRST
        if case.request.late:
            return NO_ESCORT_CAME
        return _too_many(case, rule, None) or WAITS_FOR_AN_ESCORT
    if not may_escort(case.state, case.holder.id, escort):
        return Finding(f"{escort.id} may not escort {case.holder.id}", DenyReason.ESCORT_NEEDED)
    where = case.state.locations.get(escort.id)
    if where is not None and where not in (case.reader.leaves, case.reader.enters):
        return Finding(f"the escort {escort.id} is in {where}", DenyReason.ESCORT_TOO_FAR)
    return _too_many(case, rule, escort) or Finding(f"escorted by {escort.id}")


def may_escort(state: SiteState, visitor: CardholderId, escort: Cardholder) -> bool:
    """Tell whether somebody may escort this visitor: their host, the escort named for the visit, else any escort."""
    if escort.escorted or escort.id == visitor:
        return False
    visit = state.visits.get(visitor)
    if visit is None:
        return escort.may_escort
    return escort.id == visit.host or (escort.may_escort if visit.escort is None else escort.id == visit.escort)


def _rule(case: Case) -> EscortRule | None:
    """Return the zone's rule, where it holds for this person: on the way out nobody waits for an escort."""
    return case.zone.escort if case.zone.escort is not None and case.holder.escorted and case.way_in else None


def _gone_ahead(case: Case, rule: EscortRule) -> Cardholder | None:
    """Return the escort who was let in at this reader a moment ago, and went through or is about to."""
    if rule.order is EscortOrder.VISITOR_FIRST:
        return None
    for let_in in reversed(case.state.let_in.get(case.reader.id, ())):
        escort = case.state.people.get(let_in.cardholder)
        fresh = case.now.mono - let_in.mono <= rule.seconds
        if fresh and escort is not None and may_escort(case.state, case.holder.id, escort) and _passes(case, escort):
            return escort
    return None


def _passes(case: Case, escort: Cardholder) -> bool:
    """Tell whether an escort who was granted has not stayed behind."""
    passages = case.state.door(case.door.id).passages
    about_to = any(p.cardholder == escort.id and not p.used and p.until > case.now.mono for p in passages)
    return about_to or case.state.locations.get(escort.id) != case.reader.leaves


def _too_many(case: Case, rule: EscortRule, escort: Cardholder | None) -> Finding | None:
    """Refuse one visitor more than the escorts in the zone may look after. An escort yet to come counts as one."""
    if rule.per_escort is None:
        return None
    coming = {p.cardholder for _, p in case.state.open_grants(case.now.mono) if p.enters == case.zone.id}
    known = (case.state.people.get(one) for one in {*case.state.present.get(case.zone.id, ()), *coming} if one)
    people = [one for one in known if one is not None]
    visitors = len({one.id for one in people if one.escorted} | {case.holder.id})
    escorts = {one.id for one in people if one.may_escort and not one.escorted}
    count = len(escorts | {escort.id}) if escort else len(escorts) + 1
    if visitors <= rule.per_escort * count:
        return None
    return Finding(f"{visitors} visitors, {count} escorts, {rule.per_escort} for each", DenyReason.ESCORT_NEEDED)
