from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from devices.osdp import secure_channel as sc
from devices.osdp.errors import BadMac, SecurityError
from devices.osdp.frame import Frame, SecurityBlock

ZEROS = bytes(16)
STILL = sc.Session(sc.SessionKeys(ZEROS, ZEROS, ZEROS), ZEROS, ZEROS)
SESSION = sc.begin(sc.session_keys(bytes(range(16)), b"panelrnd"), bytes(range(16, 32)))


def aes(key, block):
    encryptor = Cipher(AES(key), ECB()).encryptor()
    return encryptor.update(block) + encryptor.finalize()


# OSDP.Net's own vectors, for session keys and MACs of all zeros.
@pytest.mark.parametrize(
    ("code", "payload", "wire"),
    [
        (0x60, "", "53000E000E0215604B32767773B6"),
        (0x65, "", "53000E000E02156546 0E3D4E2A6A"),
        (0x66, "", "53000E000E0215 6662DE0516124B"),
        (0x61, "00", "53001E000E021761D14EB7AD982CC5F9AA25318A7EAED6269AE995731983"),
        (0x62, "00", "53001E000E021762D14EB7AD982CC5F9AA25318A7EAED6260F6A2AA73870"),
        (0x6E, "0180250000", "53001E000E02176EACA3C2FFE4D9E599CD771B8EF3D13F23FAAB634E0895"),
        (0x68, "0003640001067800", "53001E000E021768F7EFA0D4764A4E29267596F216D8A9E8C5887608B908"),
        (
            0x75,
            "0110" + "0001020304050607" * 2,
            "53002E000E021775F0DDEC9A0ED8CE4C80BAF5D55C18436F9189FD66C9F223DC04148 6D83357DF986C1D4BC2B2F2",
        ),
    ],
)
def test_sealed_commands_are_byte_for_byte_those_of_another_implementation(code, payload, wire):
    plain = Frame(0, 2, code, bytes.fromhex(payload))
    sealed, after = sc.seal(STILL, plain)
    assert sealed.encode() == bytes.fromhex(wire.replace(" ", ""))
    opened, other_after = sc.unseal(STILL, sealed)
    assert (opened.code, opened.payload) == (plain.code, plain.payload)
    assert after == other_after


def test_keys_and_cryptograms_follow_annex_d():
    base, panel, peripheral = bytes(range(16)), b"ABCDEFGH", b"12345678"
    keys = sc.session_keys(base, panel)
    assert keys.enc == aes(base, b"\x01\x82ABCDEF" + bytes(8))
    assert keys.mac1 == aes(base, b"\x01\x01ABCDEF" + bytes(8))
    assert keys.mac2 == aes(base, b"\x01\x02ABCDEF" + bytes(8))
    assert sc.client_cryptogram(keys, panel, peripheral) == aes(keys.enc, panel + peripheral)
    server = sc.server_cryptogram(keys, panel, peripheral)
    assert server == aes(keys.enc, peripheral + panel)
    assert sc.initial_reply_mac(keys, server) == aes(keys.mac2, aes(keys.mac1, server))


def test_the_standards_own_example():
    """Annex D's worked example: SCBK-D, and random numbers that count up."""
    panel, peripheral = bytes(range(0xB0, 0xB8)), bytes(range(0xA0, 0xA8))
    keys = sc.session_keys(sc.DEFAULT_KEY, panel)
    assert keys.enc.hex() == "bf8dc2a8329acb8c67c6d0cd9a451682"
    assert keys.mac1.hex() == "5e86c676603bdee2d8beafe178637332"
    assert keys.mac2.hex() == "6fda86e857777e81132035758239172e"
    assert sc.client_cryptogram(keys, panel, peripheral).hex() == "fde5d2f428ec16312471ea3c02bd7796"
    assert sc.server_cryptogram(keys, panel, peripheral).hex() == "26d3356e07762d262801fc8e6665a891"


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 64])
def test_a_reply_comes_back_whole(length):
    _, waiting = sc.seal(SESSION, Frame(3, 1, 0x60))
    plain = Frame(3, 1, 0x50, b"\x80" * length, reply=True)
    sealed, _ = sc.seal(waiting, plain)
    assert sealed.payload != plain.payload or not length
    assert sc.unseal(waiting, sealed)[0].payload == plain.payload


def test_a_frame_counts_once_only():
    _, waiting = sc.seal(SESSION, Frame(3, 1, 0x60))
    reply, _ = sc.seal(waiting, Frame(3, 1, 0x50, b"card", reply=True))
    _, after = sc.unseal(waiting, reply)
    _, later = sc.seal(after, Frame(3, 1, 0x60))
    with pytest.raises(BadMac):
        sc.unseal(later, reply)


@pytest.mark.parametrize(
    "forge",
    [
        lambda frame: replace(frame, code=0x53),
        lambda frame: replace(frame, payload=bytes(16)),
        lambda frame: replace(frame, address=4),
        lambda frame: replace(frame, sequence=2),
        lambda frame: replace(frame, mac=bytes(4)),
        lambda frame: replace(frame, security=SecurityBlock(sc.SCS_16)),
        lambda frame: replace(frame, security=None, mac=b""),
        lambda frame: replace(frame, security=SecurityBlock(sc.SCS_12), mac=b""),
        lambda frame: replace(frame, reply=False),
    ],
)
def test_no_changed_frame_gets_in(forge):
    _, waiting = sc.seal(SESSION, Frame(3, 1, 0x60))
    sealed, _ = sc.seal(waiting, Frame(3, 1, 0x50, b"card", reply=True))
    with pytest.raises(SecurityError):
        sc.unseal(waiting, forge(sealed))


def test_keys_do_not_show_themselves():
    assert "keys" not in repr(SESSION)
    assert "enc" not in repr(SESSION.keys)
