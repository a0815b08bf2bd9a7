"""PINs that are enrolled, held against those known already: of these there are only proofs, so slips are tried."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from controller.domain.ids import CredentialId
from controller.domain.people import Credential
from controller.runtime.ports import CardSecrets
from controller.site.people import PersonRow
from controller.site.slips import slips

MOST_PROOFS = 5_000_000
"""So many slips are tried, which takes some seconds. Longer lists are compared in the clear, in one file."""


class TooManyPins(ValueError):
    """There are more PINs to compare than can be."""


def too_near(secrets: CardSecrets, rows: Sequence[PersonRow], known: Collection[Credential]) -> list[str]:
    """Return whose new PINs are one digit from a duress PIN that is known, or the other way round. Slow.

    Raises ``TooManyPins``.
    """
    pins, forced = [c for c in known if c.pin], [c for c in known if c.duress]
    tries = sum(len(slips(row.duress_pin)) * len(pins) for row in rows if row.duress_pin)
    tries += sum(len(slips(row.pin)) * len(forced) for row in rows if row.pin)
    if tries > MOST_PROOFS:
        raise TooManyPins(f"{tries} comparisons")
    return [
        row.id
        for row in rows
        if any(_is_slip(secrets, row.duress_pin, c.id, c.pin) for c in pins)
        or any(_is_slip(secrets, row.pin, c.id, c.duress) for c in forced)
    ]


def _is_slip(secrets: CardSecrets, pin: str | None, known: CredentialId, proof: str | None) -> bool:
    """Tell whether a PIN that is known by its proof is one digit from this one, or the same."""
    return pin is not None and any(secrets.pin_proof(known, slip) == proof for slip in slips(pin))
