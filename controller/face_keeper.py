"""Keeps the eyes' watch list as the log and the policy have it: nobody is on it where the site has none approved."""

from __future__ import annotations

from controller.domain.events import (
    CardholderErased,
    FaceConfirmed,
    FaceListed,
    FaceTemplateRecorded,
    FaceUnlisted,
    FaceWithdrawn,
    Recorded,
    SiteActivated,
)
from controller.runtime.runtime import Runtime
from vision.gateway import VisionGateway

CHANGES = (
    FaceListed | FaceUnlisted | FaceTemplateRecorded | FaceConfirmed | FaceWithdrawn | CardholderErased | SiteActivated
)


class FaceKeeper:
    """Follows who is listed. The eyes hold the templates of listed people alone, and of nobody for longer."""

    def __init__(self, runtime: Runtime, eyes: VisionGateway) -> None:
        self._runtime = runtime
        runtime.listen(self.heard)
        self.follow(eyes)

    def follow(self, eyes: VisionGateway) -> None:
        """Tell these eyes, by the policy in force."""
        self._eyes = eyes
        rules, listed = self._runtime.site.faces.watch_list, self._runtime.state.listed_faces
        eyes.look_for(frozenset() if rules is None else rules.cameras, frozenset(listed) if rules else frozenset())

    def heard(self, record: Recorded) -> None:
        """Hear a record: the list may be another."""
        if isinstance(record.event, CHANGES):
            self.follow(self._eyes)
