"""A destroyed key is destroyed: on the disk, in memory, and for whoever holds the box's key."""

from __future__ import annotations

import itertools
from datetime import date

import pytest

from controller.runtime.ports import Identity
from controller.store.keystore import Badge, Keystore, SealBroken
from controller.store.vault import DESTROYED, Vault, text_day

BADGE = Badge("p-1", "p-1-badge", "H10301", "42:1", True)


@pytest.fixture
def keystore(tmp_path):
    keystore = Keystore(tmp_path)
    yield keystore
    keystore.close()


def test_what_a_forgotten_subject_sealed_never_opens_again(tmp_path, keystore):
    sealed = {who: keystore.seal(who, "identity", b"x") for who in ("p-1", "p-2")}
    wrapped = keystore._wrapped["p-1"]
    assert wrapped in b"".join(file.read_bytes() for file in tmp_path.glob("keys.db*"))
    assert keystore.forget(["p-1", "nobody"]) == 1
    with pytest.raises(SealBroken, match="erased, or never known"):
        keystore.open("p-1", "identity", sealed["p-1"])
    assert keystore.open("p-2", "identity", sealed["p-2"]) == b"x"
    assert wrapped not in b"".join(file.read_bytes() for file in tmp_path.glob("keys.db*"))
    assert keystore.forget(["p-1"]) == 0


def test_a_card_cannot_be_guessed_back_even_with_the_boxs_key(keystore):
    unknown = keystore.card_token("H10301", "42:1")
    keystore.enrol([BADGE])
    handle, proof = keystore.card_token("H10301", "42:1"), keystore.pin_proof("p-1-badge", "4471")
    assert handle != unknown
    keystore.forget(["p-1"])
    assert keystore.card_token("H10301", "42:1") == unknown
    digits = ("".join(each) for each in itertools.product("0123456789", repeat=4))
    assert proof not in {keystore.pin_proof("p-1-badge", each) for each in digits}


def test_handles_stay_and_a_card_that_changes_hands_gets_another(tmp_path, keystore):
    keystore.enrol([BADGE])
    handle = keystore.card_token("H10301", "42:1")
    keystore.enrol([BADGE])
    assert Keystore(tmp_path).card_token("H10301", "42:1") == handle
    keystore.enrol([Badge("p-2", "p-2-badge", "H10301", "42:1", False)])
    assert keystore.card_token("H10301", "42:1") not in (handle,)


def test_what_was_typed_is_sealed_by_kind_and_day_and_goes_with_its_key(tmp_path, keystore):
    vault = Vault(keystore)
    sealed = vault.seal_text("audit", date(2026, 11, 22), "Jane Roe: lost")
    assert "Jane" not in sealed
    assert vault.text(sealed) == "Jane Roe: lost"
    assert vault.text("an old log's plain words") == "an old log's plain words"
    vault.keep_new()
    assert Vault(Keystore(tmp_path)).text(sealed) == "Jane Roe: lost"
    assert [text_day(subject) for subject in keystore.subjects()] == [("audit", date(2026, 11, 22))]
    vault.destroy(keystore.subjects())
    assert vault.text(sealed) == DESTROYED


@pytest.mark.parametrize("subject", ["p-1", "text-audit", "text-audit-yesterday", "g-0123"])
def test_other_subjects_are_no_days(subject):
    assert text_day(subject) is None


def test_an_old_plain_hash_is_sealed_when_the_store_is_opened(tmp_path, keystore):
    keystore.set_password("gil", "right", one_time=False)
    hashed = keystore._opened_hash("gil", keystore._secret("gil").password)
    assert hashed.startswith("$argon2id$")
    with keystore._engine.begin() as connection:
        connection.exec_driver_sql("update operator_secret set password = ?", (hashed,))
    assert Keystore(tmp_path).password_matches("gil", "right")
    assert b"$argon2id$" not in (tmp_path / "keys.db").read_bytes()


def test_a_vault_forgets_a_name_with_its_key(keystore):
    vault = Vault(keystore)
    vault._known.identities["p-1"] = vault.seal_identity("p-1", Identity("Alice"))
    assert vault.identity("p-1") == Identity("Alice")
    vault.destroy(["p-1"])
    assert vault.identity("p-1") is None
