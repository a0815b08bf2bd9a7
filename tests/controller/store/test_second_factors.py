"""Second factors: what counts, what counts once, and what lies on the disk."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from controller.domain.ids import OperatorId
from controller.domain.roles import SecondFactor
from controller.runtime.ports import Passkey
from controller.store.boxkey import SealBroken
from controller.store.keystore import KEY_FILE, Keystore
from controller.store.second_factors import (
    PASSKEYS_PER_OPERATOR,
    RECOVERY_CODES,
    STEP_SECONDS,
    SecondFactors,
    TooManyPasskeys,
)

GIL, SUE = OperatorId("gil"), OperatorId("sue")
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
STEP = timedelta(seconds=STEP_SECONDS)


@pytest.fixture
def keystore(tmp_path):
    store = Keystore(tmp_path)
    yield store
    store.close()


@pytest.fixture
def factors(keystore):
    return keystore.factors


def code_of(secret, at):
    return pyotp.TOTP(secret).at(at)


def set_up(factors, who=GIL):
    secret = factors.begin_totp(who)
    assert factors.confirm_totp(who, code_of(secret, NOON), NOON)
    return secret


def test_a_code_counts_once_and_none_before_it_does_either(factors):
    secret = set_up(factors)
    assert not factors.totp_counts(GIL, code_of(secret, NOON), NOON)  # it confirmed the generator already
    later = NOON + STEP
    assert factors.totp_counts(GIL, code_of(secret, later), later)
    assert not factors.totp_counts(GIL, code_of(secret, later), later)
    assert not factors.totp_counts(GIL, code_of(secret, NOON), later)


@pytest.mark.parametrize(("steps", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_drift_by_one_step(factors, steps, right):
    secret = set_up(factors)
    now = NOON + 10 * STEP
    assert factors.totp_counts(GIL, code_of(secret, now + steps * STEP), now) is right


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "\u0661\u0662\u0663\u0664\u0665\u0666", "000000"])
def test_what_is_no_code_does_not_count(factors, code):
    secret = set_up(factors)
    assert code_of(secret, NOON + STEP) != code
    assert not factors.totp_counts(GIL, code, NOON + STEP)


def test_two_at_once_with_one_code_are_one(factors):
    secret = set_up(factors)
    now = NOON + STEP
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda _: factors.totp_counts(GIL, code_of(secret, now), now), range(16)))
    assert sum(said) == 1


def test_a_generator_counts_only_once_it_was_shown_to_work(factors):
    secret = factors.begin_totp(GIL)
    assert factors.methods(GIL) == frozenset()
    assert not factors.totp_counts(GIL, code_of(secret, NOON), NOON)
    assert not factors.confirm_totp(GIL, "000000", NOON)
    assert not factors.confirm_totp(SUE, code_of(secret, NOON), NOON)
    newer = factors.begin_totp(GIL)
    assert not factors.confirm_totp(GIL, code_of(secret, NOON), NOON)
    assert factors.confirm_totp(GIL, code_of(newer, NOON), NOON)
    assert factors.methods(GIL) == {SecondFactor.TOTP}
    with pytest.raises(ValueError, match="remove it first"):
        factors.begin_totp(GIL)  # nobody takes somebody's generator's place behind their back
    assert factors.drop_totp(GIL)
    assert not factors.drop_totp(GIL)
    assert factors.methods(GIL) == frozenset()


def test_a_recovery_code_counts_once_for_its_operator_however_it_is_typed(factors):
    set_up(factors)
    codes = factors.make_recovery_codes(GIL)
    assert len(set(codes)) == RECOVERY_CODES == factors.recovery_codes_left(GIL)
    assert not factors.recovery_counts(SUE, codes[0])
    assert factors.recovery_counts(GIL, codes[0].lower().replace("-", " "))
    assert not factors.recovery_counts(GIL, codes[0])
    assert not factors.recovery_counts(GIL, "")
    assert factors.recovery_codes_left(GIL) == RECOVERY_CODES - 1
    assert factors.methods(GIL) == {SecondFactor.TOTP, SecondFactor.RECOVERY_CODE}
    factors.make_recovery_codes(GIL)
    assert not factors.recovery_counts(GIL, codes[1])
    factors.drop_totp(GIL)
    assert factors.methods(GIL) == frozenset()  # they stand in for another factor, and are none


def passkey(number=1, counter=0):
    return Passkey(f"key-{number}", b"\xa5cose", counter, f"Key {number}", NOON + number * STEP)


def test_passkeys_are_an_operators_own(factors):
    factors.add_passkey(GIL, passkey(2))
    factors.add_passkey(GIL, passkey(1))
    assert factors.passkeys(GIL) == [passkey(1), passkey(2)]
    assert factors.passkeys(SUE) == []
    with pytest.raises(ValueError, match="known already"):
        factors.add_passkey(SUE, passkey(1))
    assert not factors.drop_passkey(SUE, "key-1")
    assert factors.drop_passkey(GIL, "key-1")
    assert factors.methods(GIL) == {SecondFactor.PASSKEY}
    for number in range(3, PASSKEYS_PER_OPERATOR + 2):
        factors.add_passkey(GIL, passkey(number))
    with pytest.raises(TooManyPasskeys):
        factors.add_passkey(GIL, passkey(99))


@pytest.mark.parametrize(
    ("before", "now", "counts"), [(0, 0, True), (0, 1, True), (5, 6, True), (5, 5, False), (5, 4, False), (5, 0, False)]
)
def test_a_passkey_that_signed_as_often_before_may_have_been_copied(factors, before, now, counts):
    factors.add_passkey(GIL, passkey(counter=before))
    assert factors.passkey_used(GIL, "key-1", now) is counts
    assert factors.passkeys(GIL)[0].counter == (now if counts else before)
    assert not factors.passkey_used(SUE, "key-1", 100)


def test_forgetting_an_operator_leaves_nothing_and_nobody_else_is_touched(keystore):
    for who in (GIL, SUE):
        keystore.set_password(who, "correct horse battery", one_time=False)
        keystore.set_duress_password(who, "forced horse battery")
        set_up(keystore.factors, who)
        keystore.factors.add_passkey(who, passkey(1 if who == GIL else 2))
        keystore.factors.make_recovery_codes(who)
    assert keystore.has_password(GIL)
    keystore.forget_operator(GIL)
    assert not keystore.has_password(GIL)
    assert not keystore.password_matches(GIL, "correct horse battery")
    assert not keystore.duress_matches(GIL, "forced horse battery")
    assert keystore.factors.methods(GIL) == frozenset()
    assert keystore.factors.recovery_codes_left(GIL) == 0
    assert keystore.password_matches(SUE, "correct horse battery")
    assert keystore.factors.methods(SUE) == frozenset(SecondFactor)


def test_neither_secret_nor_recovery_code_lies_on_the_disk_in_clear(tmp_path, keystore):
    secret = set_up(keystore.factors)
    codes = keystore.factors.make_recovery_codes(GIL)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob(f"{KEY_FILE}*"))
    assert not any(text.encode() in stored for text in (secret, *codes, codes[0].replace("-", "")))


def test_a_secret_is_bound_to_its_operator_and_its_box(keystore):
    secret = set_up(keystore.factors)
    other = SecondFactors(keystore._engine, lambda: AESGCM.generate_key(256))
    with pytest.raises(SealBroken):
        other.totp_counts(GIL, code_of(secret, NOON + STEP), NOON + STEP)
    with keystore._engine.begin() as connection:
        connection.execute(sa.text("UPDATE operator_totp SET operator = 'sue'"))
    with pytest.raises(SealBroken):
        keystore.factors.totp_counts(SUE, code_of(secret, NOON + STEP), NOON + STEP)


def test_what_an_operator_set_up_is_there_after_a_restart(tmp_path, keystore):
    secret = set_up(keystore.factors)
    keystore.close()
    again = Keystore(tmp_path)
    assert again.factors.totp_counts(GIL, code_of(secret, NOON + STEP), NOON + STEP)
    again.close()
