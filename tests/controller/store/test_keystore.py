"""Secrets: made whole, kept private, opened by their own key only."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from controller.runtime.ports import Identity
from controller.store.keystore import Keystore, SealBroken
from controller.store.vault import Vault


@pytest.fixture
def keystore(tmp_path):
    keystore = Keystore(tmp_path)
    yield keystore
    keystore.close()


def again(folder):
    keystore = Keystore(folder)
    keystore.close()
    return keystore


def test_a_duress_password_is_another_one_and_nobodys_is_never_right(keystore):
    keystore.set_password("gil", "right", one_time=False)
    assert not keystore.duress_matches("gil", "right")
    keystore.set_duress_password("gil", "by force")
    keystore.set_duress_password("gil", "by main force")
    assert keystore.duress_matches("gil", "by main force")
    assert not keystore.duress_matches("gil", "by force")
    assert not keystore.password_matches("gil", "by main force")
    assert not keystore.duress_matches("sue", "by main force")


def test_what_is_sealed_opens_again_after_a_start(tmp_path, keystore):
    sealed = keystore.seal("p-1", "identity", b"Alice")
    assert again(tmp_path).open("p-1", "identity", sealed) == b"Alice"
    assert keystore.seal("p-1", "identity", b"Alice") != sealed, "a nonce is never used twice"


@pytest.mark.parametrize(("subject", "field"), [("p-2", "identity"), ("p-1", "face template"), ("p-3", "identity")])
def test_a_sealed_value_opens_only_in_its_place(keystore, subject, field):
    keystore.seal("p-2", "identity", b"Bob")
    with pytest.raises(SealBroken):
        keystore.open(subject, field, keystore.seal("p-1", "identity", b"Alice"))


def test_tokens_and_proofs_are_bound_to_box_kind_and_badge(tmp_path, keystore):
    other = again_in(tmp_path / "other")
    tokens = [
        keystore.card_token("H10301", "42:1"),
        keystore.card_token("H10306", "42:1"),
        keystore.card_token("H10301", "42:2"),
        keystore.pin_proof("b-1", "1234"),
        keystore.pin_proof("b-2", "1234"),
        other.card_token("H10301", "42:1"),
    ]
    assert len(set(tokens)) == len(tokens)
    assert again(tmp_path).card_token("H10301", "42:1") == tokens[0]


def again_in(folder):
    folder.mkdir()
    return again(folder)


def test_many_keys_are_made_in_one_go_and_kept(tmp_path, keystore):
    keystore.make_keys([f"p-{n}" for n in range(100)])
    sealed = {f"p-{n}": keystore.seal(f"p-{n}", "identity", b"x") for n in range(100)}
    keystore.make_keys(sealed)
    other = again(tmp_path)
    assert all(other.open(subject, "identity", value) == b"x" for subject, value in sealed.items())


def test_every_file_is_its_owners_alone(tmp_path):
    before = os.umask(0)
    try:
        again(tmp_path).seal("p-1", "identity", b"Alice")
    finally:
        os.umask(before)
    assert {f.name: stat.S_IMODE(f.stat().st_mode) for f in tmp_path.iterdir()} == {"box.key": 0o600, "keys.db": 0o600}


def test_a_box_killed_while_its_key_was_made_makes_it_anew(tmp_path):
    (tmp_path / "box.key.new").write_bytes(b"half a k")
    again(tmp_path)
    assert len((tmp_path / "box.key").read_bytes()) == 32
    assert not (tmp_path / "box.key.new").exists()


@pytest.mark.parametrize("damage", [b"", b"x" * 31, b"x" * 33])
def test_a_damaged_box_key_is_said_and_not_replaced(tmp_path, damage):
    again(tmp_path)
    (tmp_path / "box.key").write_bytes(damage)
    with pytest.raises(SealBroken, match="a box key has 32"):
        Keystore(tmp_path)
    assert (tmp_path / "box.key").read_bytes() == damage


def test_a_lost_box_key_is_not_replaced_by_another(tmp_path):
    again(tmp_path)
    (tmp_path / "box.key").unlink()
    with pytest.raises(SealBroken, match="restore it"):
        Keystore(tmp_path)
    assert not (tmp_path / "box.key").exists()


def test_a_foreign_box_key_is_found_out_at_the_start(tmp_path, keystore):
    keystore.seal("p-1", "identity", b"Alice")
    (tmp_path / "box.key").write_bytes(b"x" * 32)
    with pytest.raises(SealBroken, match="does not open with this box's key"):
        Keystore(tmp_path)


def test_passwords(keystore):
    assert not keystore.password_matches("gil", "right")
    keystore.set_password("gil", "right", one_time=True)
    assert keystore.password_matches("gil", "right")
    assert not keystore.password_matches("gil", "wrong")
    assert not keystore.password_matches("sue", "right")
    assert keystore.password_is_one_time("gil")
    keystore.set_password("gil", "own", one_time=False)
    assert not keystore.password_matches("gil", "right")
    assert not keystore.password_is_one_time("gil")


def test_no_password_stands_in_the_file(tmp_path, keystore):
    keystore.set_password("gil", "correct horse", one_time=False)
    assert b"correct horse" not in (tmp_path / "keys.db").read_bytes()


def test_a_vault_opens_what_it_sealed(keystore):
    vault = Vault(keystore)
    sealed = vault.seal_identity("p-1", Identity("Alice"))
    assert b"Alice" not in sealed.encode()
    assert vault.identity("p-1") is None, "nobody until the log tells of them"


def test_keys_made_at_once_are_kept_by_many_threads_and_outlive_the_end_of_another(tmp_path):
    store = Keystore(tmp_path)
    store.make_keys(["gone"])
    first = {name: store.key_at_once(name, "recording") for name in ("rec-a", "rec-b")}
    store.forget(["gone"])  # in between: what is not on the disk yet stays in use
    with ThreadPoolExecutor(8) as pool:
        for kept in [pool.submit(store.keep_new) for _ in range(8)]:
            kept.result()
    assert {name: store.key_at_once(name, "recording") for name in first} == first
    store.close()
    again = Keystore(tmp_path)
    assert {name: again.key_at_once(name, "recording") for name in first} == first
    assert again.key_at_once("rec-a", "recording") != again.key_at_once("rec-a", "another purpose")
    again.close()
