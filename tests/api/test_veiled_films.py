"""A real film of a real camera over the API: masked for whoever looks alone, clear for a time after two have lifted."""

from __future__ import annotations

import io
from dataclasses import replace

import av
import numpy as np
import pyotp
import pytest
import simplejpeg

from controller.admin import Admin
from controller.domain.events import ClipRecorded, StillRecorded, VeilLifted, VeilLowered
from controller.domain.filming import Mask, MaskedBy, MaskKind
from controller.domain.operators import Role
from controller.runtime.building import Building
from controller.store.projection import Projection
from tests.api.fakes import NOON, browser, problem, sign_in
from tests.controller.test_filming import SERVER, filming, seen, told

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]

PASSWORD = "a password of one's own"
FOR = {"purpose": "investigation", "case": "2026/17"}
DARK = 12
"""Grey levels: what a painted pixel may be after encoding."""
VEIL = Mask("the racks", MaskKind.VEIL, MaskedBy.BOX, ((0, 0), (0.5, 0), (0.5, 1), (0, 1)))


@pytest.fixture
def anyio_backend():
    return "asyncio"


def behind(image: np.ndarray) -> np.ndarray:
    """The part of a picture that the veil hides, short of the edge that encoding blurs."""
    return image[:, : image.shape[1] // 2 - 8]


def beside(image: np.ndarray) -> np.ndarray:
    return image[:, image.shape[1] // 2 + 8 :]


def pictures(content: bytes) -> list[np.ndarray]:
    if content[:2] == b"\xff\xd8":
        return [simplejpeg.decode_jpeg(content)]
    with av.open(io.BytesIO(content)) as container:
        return [picture.to_ndarray(format="rgb24") for picture in container.decode(video=0)]


def is_masked(content: bytes) -> bool:
    """Tell whether nothing is seen behind the veil, in no picture; beside it something is, in every one."""
    images = pictures(content)
    assert images
    assert all(beside(image).mean() > 2 * DARK for image in images)
    dark = [behind(image).max() <= DARK for image in images]
    assert all(dark) or not any(dark)
    return all(dark)


async def signed_in(client, name: str) -> dict[str, str]:
    """Sign in with a password and the code generator that this sets up."""
    headers = await sign_in(client, name, PASSWORD)
    made = (await client.post("/api/account/totp", headers=headers)).json()
    code = pyotp.TOTP(made["secret"]).at(NOON)
    assert (await client.post("/api/account/totp/confirm", json={"code": code}, headers=headers)).status_code == 200
    return {**headers, "X-CSRF-Token": (await client.get("/api/me")).json()["csrf"]}


async def test_films_are_masked_for_one_alone_and_clear_once_two_have_lifted_the_veil(tmp_path):
    async with filming(tmp_path / "box") as (core, films, records, _):
        await seen(core, films, records)
        names = [(await told(records, ClipRecorded)).event.clip, (await told(records, StillRecorded)).event.still]
        await core.log.append(())
        camera = replace(core.runtime.site.cameras[SERVER], masks=(VEIL,))
        core.runtime.site = replace(core.runtime.site, cameras={SERVER: camera})
        admin = Admin(core)
        for name, role in (("sven", Role.SECURITY_OFFICER), ("sue", Role.SUPERVISOR), ("gil", Role.GUARD)):
            await admin.add_operator(name, role, "t")
            core.keystore.set_password(name, PASSWORD, one_time=False)
        projection = Projection(core.folder, core.keystore.secrets)
        building = Building(core.runtime, core.vault, core.vault, core.keystore, None, core.clock, projection)
        building.films = films
        async with browser(building) as sven, browser(building) as sue, browser(building) as gil:
            tokens = {
                client: await signed_in(client, name) for name, client in (("sven", sven), ("sue", sue), ("gil", gil))
            }

            async def looked(client):
                answers = [
                    await client.post(f"/api/recordings/{name}/read", json=FOR, headers=tokens[client])
                    for name in names
                ]
                assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
                return [is_masked(answer.content) for answer in answers]

            async def given(client, order, body):
                path = f"/api/cameras/{SERVER}/veil/{order}"
                return await client.post(path, json=body, headers=tokens[client])

            assert await looked(sven) == [True, True]
            lift = {"seconds": 600, "reason": "a theft from the racks"}
            assert (await given(sven, "lift", lift)).json()["code"] == "second_person_needed"
            assert problem(await given(sven, "lift", lift)) == (409, "second_person_needed")
            assert problem(await given(gil, "lift", lift)) == (403, "not_your_role")
            assert await looked(sven) == [True, True]
            assert (await given(sue, "lift", lift)).json()["code"] is None
            lifted = (await told(records, VeilLifted)).event
            assert (lifted.operator, lifted.second, lifted.seconds) == ("sven", "sue", 600.0)
            assert core.vault.text(lifted.reason) == lift["reason"]
            assert await looked(sven) == [False, False]
            assert (await given(gil, "lower", {})).status_code == 202
            assert (await told(records, VeilLowered)).event.operator == "gil"
            assert await looked(sue) == [True, True]
