"""Checkpoints: the lines that are signed, whose they are, and when a witness saw them."""

from __future__ import annotations

import base64
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from controller.ledger.checkpoint import (
    Checkpoint,
    cosign,
    cosigned_at,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from controller.ledger.note import COSIGNATURE_V1, ED25519, BadNote, SignerKey, sign_note

LOG = SignerKey("ostiary/log/1", ED25519, b"l" * 32)
WITNESS = SignerKey("ostiary/witness/1", COSIGNATURE_V1, b"w" * 32)
CHECKPOINT = Checkpoint("ostiary/log/1", 20852163, bytes(range(32)))
TEXT = "ostiary/log/1\n20852163\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"


def test_the_lines_are_those_of_c2sp():
    assert CHECKPOINT.text() == TEXT
    assert parse_checkpoint(TEXT) == CHECKPOINT
    extended = Checkpoint("o", 0, bytes(32), ("one more", "and one"))
    assert parse_checkpoint(extended.text()) == extended


def test_who_signed_it_can_be_told():
    written = sign_checkpoint(CHECKPOINT, LOG)
    assert written.startswith(TEXT + "\n— ostiary/log/1 ")
    assert open_checkpoint(written, LOG.verifier) == CHECKPOINT
    with pytest.raises(BadNote, match="not signed by the log's key"):
        open_checkpoint(written.replace("20852163", "20852164"), LOG.verifier)
    with pytest.raises(BadNote, match="another log"):
        open_checkpoint(written, SignerKey("ostiary/log/2", ED25519, b"l" * 32).verifier)
    with pytest.raises(BadNote, match="not signed by the log's key"):
        open_checkpoint(written, SignerKey("ostiary/log/1", ED25519, b"m" * 32).verifier)


def test_a_log_cannot_sign_for_another():
    written = str(sign_note(Checkpoint("ostiary/log/2", 1, bytes(32)).text(), LOG))
    with pytest.raises(BadNote, match="another log"):
        open_checkpoint(written, LOG.verifier)


def test_a_cosignature_says_when_and_signs_the_lines_of_c2sp():
    written = cosign(sign_checkpoint(CHECKPOINT, LOG), WITNESS, 1679315147)
    assert open_checkpoint(written, LOG.verifier) == CHECKPOINT
    assert cosigned_at(written, WITNESS.verifier) == 1679315147
    line = written.splitlines()[-1]
    assert line.startswith("— ostiary/witness/1 ")
    value = base64.b64decode(line.split()[2])
    assert value[:4] == WITNESS.verifier.key_id
    assert struct.unpack(">Q", value[4:12]) == (1679315147,)
    public = Ed25519PublicKey.from_public_bytes(WITNESS.verifier.public)
    public.verify(value[12:], b"cosignature/v1\ntime 1679315147\n" + TEXT.encode())


def test_a_later_cosignature_takes_the_place_of_the_earlier():
    written = cosign(cosign(sign_checkpoint(CHECKPOINT, LOG), WITNESS, 10), WITNESS, 20)
    assert written.count("— ostiary/witness/1 ") == 1
    assert cosigned_at(written, WITNESS.verifier) == 20


def test_whoever_did_not_cosign_did_not():
    signed = sign_checkpoint(CHECKPOINT, LOG)
    written = cosign(signed, WITNESS, 10)
    line = written.splitlines()[-1]
    value = bytearray(base64.b64decode(line.split()[2]))
    value[11] ^= 1  # another time
    other_time = written.replace(line.split()[2], base64.b64encode(value).decode())
    short = written.replace(line.split()[2], base64.b64encode(value[:12]).decode())
    assert cosigned_at(signed, WITNESS.verifier) is None
    assert cosigned_at(written.replace("20852163", "20852164"), WITNESS.verifier) is None
    assert cosigned_at(other_time, WITNESS.verifier) is None
    assert cosigned_at(short, WITNESS.verifier) is None
    assert cosigned_at(written, LOG.verifier) is None
    assert cosigned_at(written, SignerKey(WITNESS.name, COSIGNATURE_V1, b"x" * 32).verifier) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "o\n1\n",
        TEXT.removesuffix("\n"),
        TEXT.replace("20852163", "020852163"),
        TEXT.replace("20852163", "-1"),
        TEXT.replace("20852163", "9" * 20),
        TEXT.replace("Hh8=", ""),
        TEXT.replace("Hh8=", "Hh8 "),
        TEXT.replace("ostiary/log/1", ""),
        TEXT + "\nmore\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(BadNote, match="no checkpoint"):
        parse_checkpoint(text)
