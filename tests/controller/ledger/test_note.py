"""Signed notes: Go's own example to the byte, keys as texts, and everything that is not a note."""

from __future__ import annotations

import hashlib

import pytest

from controller.ledger.note import (
    COSIGNATURE_V1,
    ED25519,
    BadNote,
    SignerKey,
    VerifierKey,
    is_signed_by,
    parse_note,
    parse_signer_key,
    parse_verifier_key,
    sign_note,
)

# The example of Go's golang.org/x/mod/sumdb/note, after which the format was written.
PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
WRITTEN = TEXT + "\n" + LINE


def test_a_note_is_signed_as_go_signs_it():
    assert str(sign_note(TEXT, parse_signer_key(PRIVATE))) == WRITTEN
    assert is_signed_by(parse_note(WRITTEN), parse_verifier_key(PUBLIC))


def test_a_key_is_the_same_after_it_was_written_down():
    key = SignerKey("ostiary/log/1", COSIGNATURE_V1, bytes(32))
    assert parse_signer_key(key.text() + "\n") == key
    assert parse_verifier_key(f"{key.verifier}\n") == key.verifier
    assert str(parse_signer_key(PRIVATE).verifier) == PUBLIC


def test_the_key_id_is_bound_to_name_kind_and_key():
    key = parse_verifier_key(PUBLIC)
    assert key.key_id == hashlib.sha256(b"PeterNeumann\n\x01" + key.public).digest()[:4]
    ids = {key.key_id, VerifierKey("Other", ED25519, key.public).key_id, VerifierKey(key.name, 4, key.public).key_id}
    assert len(ids) == 3


def test_the_secret_is_not_in_what_a_traceback_shows():
    key = parse_signer_key(PRIVATE)
    assert "seed" not in repr(key)


@pytest.mark.parametrize(
    "changed",
    [
        WRITTEN.replace("problem", "Problem", 1),
        WRITTEN.replace("x08go/ZJ", "x08go/ZK"),
        WRITTEN.replace("PeterNeumann", "PeterNewmann"),
        WRITTEN.replace("x08go", "y08go"),
        WRITTEN + LINE.replace("/ZJ", "/ZK"),
    ],
)
def test_what_was_changed_is_not_signed(changed):
    assert not is_signed_by(parse_note(changed), parse_verifier_key(PUBLIC))


def test_a_witness_s_kind_of_key_signs_no_plain_note():
    key = SignerKey("w", COSIGNATURE_V1, bytes(32))
    assert not is_signed_by(sign_note(TEXT, key), key.verifier)


def test_signatures_of_others_do_not_matter():
    other = sign_note(TEXT, SignerKey("other", ED25519, bytes(32)))
    both = parse_note(str(other) + LINE)
    assert len(both.signatures) == 2
    assert is_signed_by(both, parse_verifier_key(PUBLIC))


@pytest.mark.parametrize(
    "written",
    [
        "",
        "\n\n" + LINE,
        TEXT,
        TEXT + LINE,
        TEXT + "\n",
        WRITTEN.removesuffix("\n"),
        WRITTEN.replace("— ", "- "),
        TEXT + "\n— PeterNeumann x08g\n",
        TEXT + "\n— PeterNeumann x08go\n",
        TEXT + "\n— Peter+Neumann x08go/ZJ\n",
        WRITTEN.replace(" is", "\tis"),
        WRITTEN + LINE * 100,
        "x" * 1_000_001 + WRITTEN,
    ],
)
def test_what_is_no_note_is_refused(written):
    with pytest.raises(BadNote):
        parse_note(written)


@pytest.mark.parametrize("text", ["no newline", "a\ttab\n", "\r\n"])
def test_what_cannot_be_a_note_s_text_is_not_signed(text):
    with pytest.raises(BadNote):
        sign_note(text, parse_signer_key(PRIVATE))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        PUBLIC.replace("c7", "c8"),
        PUBLIC[:-4],
        PUBLIC.replace("Peter", "Peter "),
        PUBLIC.replace("+A", "+B"),
    ],
)
def test_what_is_no_key_is_refused(text):
    with pytest.raises(BadNote):
        parse_verifier_key(text)
    with pytest.raises(BadNote):
        parse_signer_key("PRIVATE+KEY+" + text)


def test_a_public_key_signs_nothing():
    with pytest.raises(BadNote, match="no private key"):
        parse_signer_key(PUBLIC)
    with pytest.raises(BadNote, match="its id"):
        parse_signer_key(PRIVATE.replace("c74f", "c74e"))
