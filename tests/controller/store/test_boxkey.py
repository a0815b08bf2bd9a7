"""The box's key: three ways in, nothing else, and no plain copy left behind."""

from __future__ import annotations

import json
import os
import stat

import pytest

from controller.store import boxkey
from controller.store.boxkey import BoxLocked, KeyAccess, SealBroken, Way
from controller.store.keystore import Keystore
from controller.store.secret_files import SecretFiles, secret_files

PASSPHRASE = "correct horse battery staple"
TOKEN = bytes(range(32))


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(boxkey, "MEMORY_KIB", 64)
    monkeypatch.setattr(boxkey, "TIME_COST", 1)
    yield
    boxkey.use(KeyAccess())


@pytest.fixture
def key(tmp_path):
    return boxkey.make_plain(tmp_path)


def by_passphrase(text=PASSPHRASE):
    return KeyAccess(passphrase=lambda: text)


def by_token(tmp_path, content=TOKEN):
    path = tmp_path / "stick"
    path.write_bytes(content)
    return KeyAccess(token=path)


def by_credential(tmp_path, content=TOKEN):
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / boxkey.CREDENTIAL).write_bytes(content)
    return KeyAccess(credentials=folder)


def test_a_passphrase_opens_it_and_no_plain_key_is_left(tmp_path, key):
    boxkey.seal_box(tmp_path, key, Way.PASSPHRASE, PASSPHRASE.encode())
    assert boxkey.open_box(tmp_path, by_passphrase()) == key
    assert not (tmp_path / boxkey.PLAIN_FILE).exists()
    assert all(key not in file.read_bytes() for file in tmp_path.iterdir())
    assert stat.S_IMODE((tmp_path / boxkey.SEALED_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize(("way", "access"), [(Way.TOKEN, by_token), (Way.CREDENTIAL, by_credential)])
def test_a_token_and_a_credential_open_it(tmp_path, key, way, access):
    boxkey.seal_box(tmp_path, key, way, TOKEN)
    given = access(tmp_path)
    assert boxkey.open_box(tmp_path, given) == key
    with pytest.raises(BoxLocked, match=f"not by this {way}"):
        boxkey.unwrap(boxkey.wraps_in((tmp_path / boxkey.SEALED_FILE).read_bytes(), "x"), _wrong(tmp_path, way), "x")


def _wrong(tmp_path, way):
    other = tmp_path / "wrong"
    other.mkdir()
    return by_token(other, b"y" * 32) if way is Way.TOKEN else by_credential(other, b"y" * 32)


def test_several_ways_open_one_box_and_the_last_is_never_dropped(tmp_path, key):
    boxkey.seal_box(tmp_path, key, Way.PASSPHRASE, PASSPHRASE.encode())
    boxkey.seal_box(tmp_path, key, Way.TOKEN, TOKEN)
    assert boxkey.ways(tmp_path) == [Way.PASSPHRASE, Way.TOKEN]
    assert boxkey.open_box(tmp_path, by_token(tmp_path)) == boxkey.open_box(tmp_path, by_passphrase()) == key
    boxkey.drop_way(tmp_path, Way.PASSPHRASE)
    with pytest.raises(BoxLocked, match="what opens it: token"):
        boxkey.open_box(tmp_path, by_passphrase())
    with pytest.raises(BoxLocked, match="add another way first"):
        boxkey.drop_way(tmp_path, Way.TOKEN)


def test_the_wrong_passphrase_and_none_are_two_sentences(tmp_path, key):
    boxkey.seal_box(tmp_path, key, Way.PASSPHRASE, PASSPHRASE.encode())
    with pytest.raises(BoxLocked, match="not by this passphrase"):
        boxkey.open_box(tmp_path, by_passphrase("wrong horse battery staple"))
    with pytest.raises(BoxLocked, match="--passphrase-file"):
        boxkey.open_box(tmp_path, KeyAccess())


@pytest.mark.parametrize(
    ("way", "secret", "said"),
    [
        (Way.PASSPHRASE, b"hunter2", "too short"),
        (Way.TOKEN, b"x" * 31, "too short"),
        (Way.PASSPHRASE, b"swordfish" + b"1" * 20, "tried first"),
    ],
)
def test_a_weak_secret_seals_nothing(tmp_path, key, way, secret, said):
    with pytest.raises(BoxLocked, match=said):
        boxkey.seal_box(tmp_path, key, way, secret)
    assert boxkey.open_box(tmp_path) == key


@pytest.mark.parametrize("name", boxkey.FORBIDDEN)
def test_a_key_from_the_environment_is_refused(name):
    with pytest.raises(BoxLocked, match="no place for a key"):
        boxkey.refuse_environment({name: "x"})
    boxkey.refuse_environment({"PATH": "/bin"})


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b'{"version":1,"wraps":[]}', b'{"version":1,"wraps":[{"by":"x"}]}']
)
def test_a_damaged_key_file_is_a_sentence(content):
    with pytest.raises(SealBroken, match="is damaged"):
        boxkey.wraps_in(content, "box.sealed")


def test_a_wrap_made_to_eat_the_memory_is_refused(tmp_path, key):
    boxkey.seal_box(tmp_path, key, Way.PASSPHRASE, PASSPHRASE.encode())
    path = tmp_path / boxkey.SEALED_FILE
    changed = json.loads(path.read_text())
    changed["wraps"][0]["memory_kib"] = 2**40
    path.write_text(json.dumps(changed))
    with pytest.raises(SealBroken, match="somebody changed it"):
        boxkey.open_box(tmp_path, by_passphrase())


def test_a_wrap_does_not_count_as_another_kind(tmp_path, key):
    boxkey.seal_box(tmp_path, key, Way.TOKEN, TOKEN)
    path = tmp_path / boxkey.SEALED_FILE
    path.write_text(path.read_text().replace("token", "credential"))
    with pytest.raises(BoxLocked):
        boxkey.open_box(tmp_path, by_credential(tmp_path))


def test_a_keystore_opens_with_what_the_process_was_given(tmp_path):
    store = Keystore(tmp_path)
    sealed = store.seal("p-1", "identity", b"Alice")
    store.close()
    boxkey.seal_box(tmp_path, boxkey.open_box(tmp_path), Way.PASSPHRASE, PASSPHRASE.encode())
    with pytest.raises(BoxLocked):
        Keystore(tmp_path)
    boxkey.use(by_passphrase())
    again = Keystore(tmp_path)
    assert again.open("p-1", "identity", sealed) == b"Alice"
    again.secrets.write("cameras.json", b"hunter2 of the camera")
    again.close()
    assert all(b"hunter2" not in file.read_bytes() for file in tmp_path.iterdir())
    assert secret_files(tmp_path).read("cameras.json") == b"hunter2 of the camera"


def test_a_plain_secret_in_a_sealed_box_is_taken_in_and_bound_to_its_name(tmp_path):
    key = os.urandom(32)
    files = SecretFiles(tmp_path, lambda: key)
    (tmp_path / "osdp-keys.json").write_bytes(b"put here by hand")
    assert files.read("osdp-keys.json") == b"put here by hand"
    assert not (tmp_path / "osdp-keys.json").exists()
    (tmp_path / "osdp-keys.json.sealed").rename(tmp_path / "cameras.json.sealed")
    with pytest.raises(SealBroken, match=r"cameras\.json\.sealed does not open"):
        files.read("cameras.json")
    with pytest.raises(SealBroken, match="the key that opens it is gone"):
        SecretFiles(tmp_path).read("cameras.json")
