"""What a veil hides: until the very second that two lifted it for is over, and all of a camera without a sheet."""

from dataclasses import replace

from immutables import Map

from controller.domain.filming import Mask, MaskedBy, MaskKind
from controller.domain.veils import EVERYTHING, hidden, veil
from tests.api.fakes import CAMERA, quiet_state, small_site

VEIL = Mask("the desk", MaskKind.VEIL, MaskedBy.BOX, ((0, 0), (1, 0), (1, 1)))
BURNT = Mask("the street", MaskKind.BURNT, MaskedBy.BOX, ((0, 0), (1, 0), (1, 1)))


def site(*masks):
    known = small_site()
    return replace(known, cameras={**known.cameras, CAMERA: replace(known.cameras[CAMERA], masks=masks)})


def test_a_veil_hides_its_masks_and_no_other_ones():
    assert hidden(site(VEIL, BURNT), quiet_state(), CAMERA, 5.0) == (VEIL,)
    assert hidden(site(BURNT), quiet_state(), CAMERA, 5.0) == ()
    assert hidden(site(), quiet_state(), CAMERA, 5.0) == ()


def test_a_lifted_veil_is_back_at_the_very_second():
    lifted = replace(quiet_state(), veils=Map({CAMERA: 60.0}))
    assert hidden(site(VEIL), lifted, CAMERA, 59.9) == ()
    assert hidden(site(VEIL), lifted, CAMERA, 60.0) == (VEIL,)
    assert hidden(site(VEIL), replace(lifted, veils=Map({"cam-2": 60.0})), CAMERA, 5.0) == (VEIL,)
    assert veil(site(VEIL), CAMERA) == (VEIL,)


def test_nothing_is_seen_of_a_camera_that_has_no_sheet_any_more():
    assert hidden(site(), quiet_state(), "cam-gone", 5.0) == (EVERYTHING,)
    assert EVERYTHING.shape == ((0, 0), (1, 0), (1, 1), (0, 1))
