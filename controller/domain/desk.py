"""The badges at the visitors' desk."""

from __future__ import annotations

from collections.abc import Iterator

from controller.domain.ids import CredentialId
from controller.domain.people import CardholderKind, Credential, CredentialStatus
from controller.domain.state import SiteState


def may_be_handed_out(state: SiteState, badge: Credential) -> bool:
    """Tell whether a badge may be handed to a visitor: a visitor's that was given back."""
    if badge.status is not CredentialStatus.RETURNED:
        return False
    holder = state.people.get(badge.cardholder)
    return holder is not None and holder.kind is CardholderKind.VISITOR


def badges_to_hand_out(state: SiteState) -> Iterator[CredentialId]:
    """Yield every badge that may be handed out. Looks at all badges of the house: not for a decision's path."""
    return (badge.id for badge in state.credentials.values() if may_be_handed_out(state, badge))
