"""What a log says besides its decisions: the policies they were made under, and who the pseudonyms are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from controller.domain.events import Recorded, SiteActivated
from controller.domain.ids import CardholderId
from controller.domain.site import Site
from controller.site.loader import parse_site
from controller.store.boxkey import SealBroken
from controller.store.history import History
from controller.store.keystore import Keystore
from controller.store.vault import Vault

SHORT_DIGEST = 12
"""How many hex digits of a policy's digest a person is shown: enough to tell two apart, short enough to read out."""


class UnknownPolicy(ValueError):
    """The log does not hold the policy that a decision names."""


class Policies:
    """The policies of a log, by digest. Their bytes stand in it as ``site_activated`` events."""

    def __init__(self, history: History) -> None:
        self._activations = [
            (record, record.event)
            for record in history.records("site_activated")
            if isinstance(record.event, SiteActivated)
        ]
        self._sites: dict[str, Site] = {}

    def site(self, digest: str) -> Site:
        """Return a policy. Raises ``UnknownPolicy``, and ``SiteErrors`` where this version would refuse the file."""
        if digest not in self._sites:
            self._sites[digest] = parse_site(self.toml(digest).encode(), f"the policy {digest[:SHORT_DIGEST]}")
        return self._sites[digest]

    def toml(self, digest: str) -> str:
        """Return a policy's own text. Raises ``UnknownPolicy``."""
        toml = next((event.toml for _, event in self._activations if event.digest == digest), None)
        if toml is None:
            raise UnknownPolicy(f"the log does not hold the policy {digest[:SHORT_DIGEST] or '(none)'}")
        return toml

    def before(self, digest: str) -> str | None:
        """Return the text of the policy that was in force before this one last came into force; None for the first."""
        last = max((place for place, (_, event) in enumerate(self._activations) if event.digest == digest), default=0)
        return next((event.toml for _, event in self._activations[:last][::-1] if event.digest != digest), None)

    def activated(self, record: Recorded) -> Recorded | None:
        """Return the activation by which the policy of ``record`` came into force; None where the log holds none.

        What a start ends (a challenge nobody answered) is decided just before the new policy's activation is recorded.
        """
        same = [activation for activation, event in self._activations if event.digest == record.site]
        before = [activation for activation in same if activation.seq <= record.seq]
        return before[-1] if before else next(iter(same), None)


def names_of(folder: Path, history: History) -> tuple[Callable[[CardholderId], str | None], str | None]:
    """Return who the pseudonyms of a log are today, and a sentence where that cannot be told.

    The keys are looked for in the box's folder and never made there; without them everybody keeps the pseudonym.
    """
    missing = [name for name in ("box.key", "keys.db") if not (folder / name).exists()]
    if missing:
        return lambda _: None, f"people are named by their pseudonyms: {folder / missing[0]} is not there"
    try:
        vault = Vault(Keystore(folder))
    except (OSError, SealBroken, sa.exc.SQLAlchemyError) as error:
        return lambda _: None, f"people are named by their pseudonyms: {error}"
    for record in history.records("cardholder_recorded"):
        vault.learn(record)

    def name(person: CardholderId) -> str | None:
        identity = vault.identity(person)
        return identity.name if identity else None

    return name, None
