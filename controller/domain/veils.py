"""What a veil hides just now: of the live picture, of recordings, and of what is handed out alike. Pure."""

from __future__ import annotations

from controller.domain.filming import Mask, MaskedBy, MaskKind
from controller.domain.ids import CameraId
from controller.domain.site import Site
from controller.domain.state import SiteState

EVERYTHING = Mask("everything", MaskKind.VEIL, MaskedBy.BOX, ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))
"""The whole picture: nobody has said what of it may be seen."""


def veil(site: Site, camera: CameraId) -> tuple[Mask, ...]:
    """Return the masks that a camera's sheet has people see behind by two only.

    The sheet that is in force counts, for old recordings too; all is hidden of a camera that has none any more.
    """
    known = site.cameras.get(camera)
    return (EVERYTHING,) if known is None else known.painted(MaskKind.VEIL)


def hidden(site: Site, state: SiteState, camera: CameraId, mono: float) -> tuple[Mask, ...]:
    """Return the masks that hang before a camera at this monotonic second: none where two have lifted them."""
    return () if state.veils.get(camera, mono) > mono else veil(site, camera)
