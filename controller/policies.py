"""What a log says besides its decisions: the policies they were made under."""

from __future__ import annotations

from controller.domain.events import Recorded, SiteActivated
from controller.domain.site import Site
from controller.site.loader import parse_site
from controller.store.history import History

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
            self._sites[digest] = parse_site(
                self.toml(digest).encode(), f"the policy {digest[:SHORT_DIGEST]}", logged=True
            )
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
