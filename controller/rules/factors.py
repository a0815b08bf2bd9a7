"""What somebody must show at a reader, what of it they have shown, and the checks of it."""

from __future__ import annotations

from controller.domain.decision import LOTS, AccessRequest, DenyReason, FaceOutcome, GuardAnswer
from controller.domain.ids import CardholderId, ReaderId
from controller.domain.site import Factor, Site, takes_pin_alone
from controller.domain.state import SiteState
from controller.rules.case import Case, Finding
from controller.rules.companions import TOGETHER, second_wanted
from controller.rules.escort import escort_wanted
from controller.rules.fold_access import keypad_is_closed
from controller.rules.listed import CARD, listed_factors

GUARD = frozenset({Factor.GUARD})
IN_PLACE_OF_A_FACE = frozenset({Factor.PIN, Factor.GUARD})

BY_CARD = Finding("by card")
BY_PIN = Finding("by a personal PIN, which is taken here in place of a card")
PIN_NOT_ENOUGH = Finding("by a personal PIN, and a card is asked for here now", DenyReason.ASSURANCE_TOO_LOW)
KEYPAD_CLOSED = Finding("too many PINs that are nobody's were typed here", DenyReason.TOO_MANY_PIN_TRIES)
NO_SEARCH = Finding("nobody is searched here at random")
NO_GUARD_ASKED = Finding("no guard looked now")
GUARD_CONFIRMED = Finding("a guard looked and confirmed")
GUARD_REFUSED = Finding("a guard looked and refused", DenyReason.GUARD_REFUSED)


def factors_needed(case: Case) -> frozenset[Factor]:
    """Return the union of what zone, reader, schedule, threat level and lot ask for. A card comes first, always.

    Where a personal PIN is taken in its place, no card is asked for.
    Nobody can compare a face with a template that was never taken: such a person types a PIN and a guard looks.
    """
    asked = listed_factors(case)
    if drawn(case.site, case.state, case.request, case.holder.id):
        asked |= GUARD
    others = second_wanted(case) | escort_wanted(case)
    if others or not asked.isdisjoint(TOGETHER):
        asked = (asked - TOGETHER) | others
    if Factor.FACE in asked and case.reader.keypad and case.holder.id not in case.state.faces:
        asked = asked - {Factor.FACE} | IN_PLACE_OF_A_FACE
    return asked - CARD if typed_alone(case.request) else asked


def typed_alone(request: AccessRequest) -> bool:
    """Tell whether somebody typed a personal PIN in place of a card."""
    return Factor.PIN in request.presented and Factor.CARD not in request.presented


def pin_alone(case: Case) -> Finding:
    """A PIN that names its holder is one factor: where a PIN is asked for beside the card, it is not enough."""
    if not typed_alone(case.request):
        return BY_CARD
    if keypad_is_closed(case.state, case.reader.id, case.now.mono):
        return KEYPAD_CLOSED
    if not takes_pin_alone(case.site, case.reader) or Factor.PIN in factors_needed(case):
        return PIN_NOT_ENOUGH
    return BY_PIN


def proven(request: AccessRequest) -> frozenset[Factor]:
    """Return the factors this request has proven, those just shown included."""
    shown = request.presented
    if request.pin_right is True:
        shown |= {Factor.PIN}
    if request.face is FaceOutcome.MATCHED:
        shown |= {Factor.FACE}
    if request.guard is GuardAnswer.CONFIRMED:
        shown |= {Factor.GUARD}
    return shown | request.companion.proves if request.companion else shown


def search_percent(site: Site, reader_id: ReaderId) -> float:
    """Return of how many in a hundred, drawn by lot, a guard searches the bags. Nobody is searched on the way out."""
    reader = site.readers.get(reader_id)
    if reader is None or site.doors[reader.door].zones[1] != reader.enters:
        return 0.0
    return max(
        site.random_search_percent, site.zones[reader.enters].random_search_percent, reader.random_search_percent
    )


def drawn(site: Site, state: SiteState, request: AccessRequest, holder: CardholderId) -> bool:
    """Tell whether somebody is to be searched: by this lot, or by an earlier one that they walked away from."""
    percent = search_percent(site, request.reader)
    if not percent:
        return False
    return holder in state.to_search or (request.draw is not None and request.draw < percent / 100 * LOTS)


def search(case: Case) -> Finding:
    """Say what the lot was: a search refuses nobody, it asks for a guard."""
    percent = search_percent(case.site, case.reader.id)
    if not percent:
        return NO_SEARCH
    lot = "no lot was drawn" if case.request.draw is None else f"lot {case.request.draw} of {LOTS}"
    chosen = drawn(case.site, case.state, case.request, case.holder.id)
    return Finding(f"{percent:g} in 100 are searched here; {lot}: {'a search' if chosen else 'no search'}")


def guard_confirms(case: Case) -> Finding:
    """A guard who was asked to look says no, and why stands beside it in the log."""
    match case.request.guard:
        case None:
            return NO_GUARD_ASKED
        case GuardAnswer.CONFIRMED:
            return GUARD_CONFIRMED
        case GuardAnswer.REFUSED:
            return GUARD_REFUSED
