"""Templates and portraits have keys of their own: either key's end is theirs, and withdrawal is the end of one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from controller.domain import events as ev
from controller.domain.events import Recorded
from controller.domain.ids import CardholderId
from controller.domain.instant import Instant
from controller.store.keystore import Keystore
from controller.store.vault import Vault, own_key

WHO, OTHER = CardholderId("p-1"), CardholderId("p-2")
VECTOR, JPEG = b"\x01\x02\x03\x04" * 32, b"\xff\xd8 a head"
AT = Instant(datetime(2026, 11, 22, tzinfo=UTC), 0.0)


@pytest.fixture
def keystore(tmp_path):
    keystore = Keystore(tmp_path)
    yield keystore
    keystore.close()


@pytest.fixture
def vault(keystore):
    return Vault(keystore)


def learn(vault, event, seq=1):
    vault.learn(Recorded(seq, AT, "b", "s", event))


def enrol(vault, engine="engine-1", who=WHO):
    event = ev.FaceTemplateRecorded("t", who, engine, "mean", vault.seal_template(who, engine, VECTOR))
    learn(vault, event)
    return event.template


def keep(vault, seq=5):
    event = ev.PortraitKept("t", WHO, vault.seal_portrait(WHO, JPEG), "because")
    learn(vault, event, seq)
    return event.portrait


def test_a_template_opens_for_its_person_and_engine_alone(vault):
    sealed = enrol(vault)
    assert vault.template(WHO).vector == VECTOR
    learn(vault, ev.FaceTemplateRecorded("t", OTHER, "engine-1", "mean", sealed))
    assert vault.template(OTHER) is None
    learn(vault, ev.FaceTemplateRecorded("t", WHO, "engine-2", "mean", sealed))
    assert vault.template(WHO) is None
    assert vault.templates() == {}


def test_a_template_that_sleeps_opens_for_no_door_until_it_is_confirmed(vault):
    sealed = vault.seal_template(WHO, "engine-1", VECTOR)
    learn(vault, ev.FaceTemplateRecorded("sue", WHO, "engine-1", "mean", sealed, asleep=True))
    assert vault.template(WHO) is None
    assert vault.templates()[WHO].vector == VECTOR  # so that nobody enrols the same face for another meanwhile
    learn(vault, ev.FaceConfirmed("sue", "sven", OTHER))
    assert vault.template(WHO) is None
    learn(vault, ev.FaceConfirmed("sue", "sven", WHO))
    assert vault.template(WHO).vector == VECTOR


def test_withdrawn_is_gone_from_memory_at_once_and_its_key_from_the_disk(vault, keystore):
    sealed, portrait = enrol(vault), keep(vault)
    enrol(vault, who=OTHER)
    learn(vault, ev.FaceWithdrawn("t", WHO, "consent withdrawn"))
    assert vault.template(WHO) is None
    assert vault.portrait_at(WHO) is None
    names = {own_key(sealed), own_key(portrait)}
    assert names <= vault.erased()  # what backups strike out
    vault.destroy_erased()
    assert not names & keystore.subjects()
    assert vault.portrait(WHO, portrait) is None
    learn(vault, ev.FaceTemplateRecorded("t", WHO, "engine-1", "mean", sealed))
    assert vault.template(WHO) is None  # the log may say so again: nothing opens it
    assert vault.template(OTHER).vector == VECTOR
    assert vault.identity(WHO) is None
    assert WHO in keystore.subjects()  # the person is known on


def test_it_ends_with_the_subjects_own_key_as_well(vault, keystore):
    portrait = keep(vault)
    enrol(vault)
    keystore.forget([WHO])
    assert vault.template(WHO) is None
    assert vault.portrait(WHO, portrait) is None


def test_who_is_erased_leaves_no_key_of_a_face(vault, keystore):
    sealed, portrait = enrol(vault), keep(vault)
    learn(vault, ev.CardholderErased("a", "b", WHO, "asked for"))
    vault.destroy_erased()
    assert not {own_key(sealed), own_key(portrait), WHO} & keystore.subjects()


def test_another_template_or_portrait_ends_the_one_before(vault, keystore):
    first, picture = enrol(vault), keep(vault, 5)
    second = enrol(vault)
    again = keep(vault, 9)
    vault.destroy_erased()
    assert not {own_key(first), own_key(picture)} & keystore.subjects()
    assert {own_key(second), own_key(again)} <= keystore.subjects()
    assert vault.portrait_at(WHO) == 9
    learn(vault, ev.PortraitRemoved("t", WHO, "because"))
    vault.destroy_erased()
    assert vault.portrait(WHO, again) is None
    assert vault.template(WHO).vector == VECTOR


def test_a_template_of_an_earlier_version_is_read_on(vault, keystore):
    sealed = keystore.seal(WHO, "face template", VECTOR)
    learn(vault, ev.FaceTemplateRecorded("t", WHO, "engine-1", "mean5", sealed))
    assert vault.template(WHO).vector == VECTOR
    learn(vault, ev.FaceWithdrawn("t", WHO, "because"))
    assert vault.template(WHO) is None


def test_a_snapshot_of_what_is_known_holds_it_all(vault, keystore):
    portrait = keep(vault)
    enrol(vault)
    enrol(vault)
    other = Vault(keystore)
    other.take_up(vault.sealed())
    assert other.erased() == vault.erased()
    assert other.portrait(WHO, portrait) == JPEG
    assert other.template(WHO) == vault.template(WHO)
