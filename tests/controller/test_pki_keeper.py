"""A certificate's end is told in time, once; the box's own are made anew daily."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from controller import pki_keeper
from controller.domain.stimuli import CertificateSeen
from controller.pki import bundle
from controller.pki.authority import Authority
from controller.pki.profiles import DEVICE_LIFE
from controller.pki.register import SOON
from controller.pki_keeper import ROOT_SOON, PkiKeeper
from controller.store.secret_files import SecretFiles


class Scene:
    def __init__(self, folder):
        self.now = datetime(2026, 11, 22, tzinfo=UTC)
        self.signs = Authority(SecretFiles(folder / "pki"), lambda: self.now)
        self.signs.init("Embassy")
        self.told = []
        self.renewed = 0
        self.keeper = PkiKeeper(self.signs, self.told.append, self.renew)

    async def renew(self):
        self.renewed += 1

    def issue(self, *, again=False):
        self.signs.issue("lock-1", bundle.request("lock-1")[1], again=again)

    def looked(self):
        self.told.clear()
        self.keeper.look()
        return list(self.told)


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def test_nothing_ends_soon_and_that_is_told_once(scene):
    scene.issue()
    assert {(seen.device, seen.ending) for seen in scene.looked()} == {(None, False), ("lock-1", False)}
    scene.now += DEVICE_LIFE - SOON - timedelta(seconds=1)
    assert scene.looked() == []


def test_an_end_is_told_sixty_days_before_and_its_renewal_too(scene):
    scene.issue()
    scene.looked()
    scene.now += DEVICE_LIFE - SOON
    assert scene.looked() == [
        CertificateSeen("lock-1", True, "its certificate ends on 2028-11-21: `ostiary pki renew lock-1`")
    ]
    scene.now += SOON
    assert scene.looked() == []
    scene.issue(again=True)
    assert [(seen.device, seen.ending) for seen in scene.looked()] == [("lock-1", False)]


def test_one_that_has_ended_is_said_to_have_at_a_start_after_it(scene):
    scene.issue()
    scene.now += DEVICE_LIFE
    told = {seen.device: seen.detail for seen in scene.looked() if seen.ending}
    assert told == {"lock-1": "its certificate ended on 2028-11-21: `ostiary pki renew lock-1`"}


def test_of_what_was_called_back_nobody_is_reminded(scene):
    scene.issue()
    scene.now += DEVICE_LIFE - SOON
    scene.looked()
    scene.signs.revoke("lock-1")
    assert [(seen.device, seen.ending) for seen in scene.looked()] == [("lock-1", False)]


def test_the_authoritys_own_end_is_told_three_years_before(scene):
    scene.looked()
    scene.now = scene.signs.until - ROOT_SOON
    [seen] = scene.looked()
    assert (seen.device, seen.ending) == (None, True)
    assert "the authority itself ends on 2046" in seen.detail


@pytest.mark.anyio
async def test_once_a_day_everything_of_the_boxs_own_is_made_anew(scene, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(pki_keeper.time, "monotonic", lambda: now[0])
    keeper = PkiKeeper(scene.signs, scene.told.append, scene.renew)
    for passed, times in ((0, 0), (86_399, 0), (86_400, 1), (86_401, 1), (172_800, 2)):
        now[0] = passed
        await keeper.renew_in_time()
        assert scene.renewed == times


@pytest.fixture
def anyio_backend():
    return "asyncio"
