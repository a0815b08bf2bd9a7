"""The PINs of people who are enrolled: their credentials, and what a slip of the finger makes of them.

Of PINs that are known already there are only proofs, so slips are tried.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from controller.domain.ids import CredentialId
from controller.domain.people import PERSONAL_PIN, Credential, CredentialKind
from controller.domain.site import Assurance
from controller.runtime.ports import CardSecrets
from controller.site.people import PersonRow
from controller.site.slips import slips

MOST_PROOFS = 5_000_000
"""So many slips are tried, which takes some seconds. Longer lists are compared in the clear, in one file."""


class TooManyPins(ValueError):
    """There are more PINs to compare than can be."""


def personal_pin(secrets: CardSecrets, row: PersonRow) -> Credential | None:
    """Return the credential that a person's own PIN is; None for whoever has none. It works while their badge does."""
    if row.personal_pin is None:
        return None
    duress = row.personal_duress_pin
    return Credential(
        CredentialId(f"{row.id}-pin"),
        row.id,
        secrets.card_token(PERSONAL_PIN, row.personal_pin),
        None,
        Assurance.COPYABLE,
        row.status,
        row.valid_from,
        row.valid_until,
        secrets.card_token(PERSONAL_PIN, duress) if duress else None,
        CredentialKind.PIN,
    )


def too_near(secrets: CardSecrets, rows: Sequence[PersonRow], known: Collection[Credential]) -> list[str]:
    """Return whose new PINs are one digit from a duress PIN that is known, or the other way round. Slow.

    Raises ``TooManyPins``.
    """
    personal = [c for c in known if c.kind is CredentialKind.PIN]
    pins, forced = [c for c in known if c.pin], [c for c in known if c.duress and c.kind is CredentialKind.CARD]
    real_tokens, forced_tokens = {c.token for c in personal}, {c.duress for c in personal if c.duress}
    tries = sum(len(slips(pin)) * len(pins) for row in rows for pin in _forced(row))
    tries += sum(len(slips(pin)) * len(forced) for row in rows for pin in _real(row))
    if tries > MOST_PROOFS:
        raise TooManyPins(f"{tries} comparisons")

    def near_known(pin: str, tokens: Collection[str], badges: Collection[tuple[CredentialId, str | None]]) -> bool:
        return any(
            secrets.card_token(PERSONAL_PIN, slip) in tokens
            or any(secrets.pin_proof(name, slip) == proof for name, proof in badges)
            for slip in slips(pin)
        )

    return [
        row.id
        for row in rows
        if any(near_known(pin, real_tokens, [(c.id, c.pin) for c in pins]) for pin in _forced(row))
        or any(near_known(pin, forced_tokens, [(c.id, c.duress) for c in forced]) for pin in _real(row))
    ]


def _real(row: PersonRow) -> list[str]:
    return [pin for pin in (row.pin, row.personal_pin) if pin]


def _forced(row: PersonRow) -> list[str]:
    return [pin for pin in (row.duress_pin, row.personal_duress_pin) if pin]
