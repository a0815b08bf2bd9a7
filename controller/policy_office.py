"""The console's way to policies and certificates: what the command line reaches by the control socket."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from controller.activation import Activation
from controller.admin import AdminError
from controller.core import Core
from controller.domain.events import SiteActivated
from controller.domain.ids import OperatorId
from controller.pki.authority import Authority
from controller.policies import Policies, UnknownPolicy
from controller.runtime.studies import Certificate, NotActivated, PolicyVersion
from controller.store.history import History
from controller.store.place import log_place


class LoggedPolicies:
    """Implements ``PolicyOffice``: every policy that was in force stands in the log, byte for byte."""

    def __init__(self, core: Core, activation: Activation) -> None:
        self._core = core
        self._activation = activation

    async def versions(self) -> Sequence[PolicyVersion]:
        """Return every coming into force, the newest first."""
        return await asyncio.to_thread(self._versions)

    async def text(self, digest: str) -> str | None:
        """Return a version's own bytes as text; None for none of the log."""
        try:
            return await asyncio.to_thread(lambda: Policies(self._history()).toml(digest))
        except UnknownPolicy:
            return None

    async def activate(self, first: OperatorId, second: OperatorId, toml: str, in_force: str) -> int:
        """Bring a policy into force for two who have proven who they are. Raises ``NotActivated``."""
        try:
            return await self._activation.agreed(first, second, toml, in_force)
        except AdminError as refused:
            raise NotActivated(str(refused)) from refused

    def _history(self) -> History:
        return History(log_place(self._core.folder, self._core.keystore.secrets))

    def _versions(self) -> list[PolicyVersion]:
        found = [
            PolicyVersion(event.digest, record.seq, record.at.wall, event.operator, event.second)
            for record in self._history().records("site_activated")
            if isinstance(event := record.event, SiteActivated)
        ]
        return found[::-1]


class GivenCertificates:
    """Implements ``Certificates`` over the box's authority."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    async def given(self) -> Sequence[Certificate]:
        """Return every certificate, by device; none before the authority was made."""
        return await asyncio.to_thread(self._given)

    def _given(self) -> list[Certificate]:
        now = self._authority.now()
        given = sorted(self._authority.register.given, key=lambda one: (one.device, one.issued))
        return [Certificate(one.device, f"{one.serial:x}", one.until, one.standing(now).value) for one in given]
