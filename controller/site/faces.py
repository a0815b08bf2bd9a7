"""``[faces]``: what a site allows with faces besides comparing one with the badge's holder."""

from __future__ import annotations

from collections.abc import Iterator

from controller.domain.faces import FaceRules, FaceWatch, Liveness
from controller.domain.site import Site
from controller.site import kinds
from controller.site.reading import Table
from controller.site.sections import CAMERA
from controller.site.wiring import Finding

CHALLENGE_TAKES = 8.0
"""Seconds at least for a face, a gesture that is asked for and made, and the face once more."""


def faces(table: Table) -> FaceRules:
    """``[faces]``: portraits for a guard to compare, and a watch list; both are off unless said otherwise."""
    return FaceRules(
        portraits=table.want("portraits", kinds.flag, default=False),
        watch_list=table.want("watch_list", kinds.nested(_watch_list), None),
    )


def _watch_list(table: Table) -> FaceWatch:
    why = "nobody's face is looked for without an approved assessment of what that means for everybody else"
    return FaceWatch(
        impact_assessment=table.need("impact_assessment", kinds.text, '"DPIA-2026-014"', why),
        cameras=table.need("cameras", kinds.several(CAMERA.ref, 1), '["cam-gate"]'),
    )


def liveness_can_be_asked(site: Site) -> Iterator[Finding]:
    """A reader that asks whether a face lives has a camera to see it by, and the time for it."""
    for reader in site.readers.values():
        if reader.liveness is not Liveness.OFF and reader.camera is None:
            mend = 'add `camera = "..."`, or drop `liveness`'
            yield Finding(("reader", reader.id), "asks whether a face lives and has no camera", mend)
        if reader.liveness is Liveness.CHALLENGE and reader.challenge_seconds < CHALLENGE_TAKES:
            problem = f"asks for a gesture and leaves {reader.challenge_seconds:g} seconds for it"
            mend = f"write `challenge_seconds = {CHALLENGE_TAKES:g}` or more"
            yield Finding(("reader", reader.id, "challenge_seconds"), problem, mend)
