"""What the box's authority signs, what it refuses in a sentence, and what it remembers."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from controller.pki import bundle, profiles
from controller.pki.authority import Authority, PkiError
from controller.pki.profiles import DEVICE_LIFE, LIST_LIFE, SLACK, BadRequest
from controller.pki.register import SOON, BadRegister, Given, Register, Standing, decode, encode
from controller.store.secret_files import SecretFiles

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def signs(tmp_path, clock):
    authority = Authority(SecretFiles(tmp_path / "pki"), clock)
    authority.init("Embassy")
    return authority


def asked(device="lock-1"):
    return bundle.request(device)[1]


def certificate(issued):
    return x509.load_pem_x509_certificate(issued.certificate)


def extension(of, kind):
    return of.extensions.get_extension_for_class(kind)


def test_the_root_signs_ends_only_and_lives_for_twenty_years(signs):
    root = x509.load_pem_x509_certificate(signs.ca())
    constraints = extension(root, x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, True, 0)
    usage = extension(root, x509.KeyUsage)
    assert (usage.critical, usage.value.key_cert_sign, usage.value.crl_sign) == (True, True, True)
    assert not usage.value.digital_signature
    assert root.not_valid_after_utc - NOON == timedelta(days=7300)
    assert root.issuer == root.subject
    root.verify_directly_issued_by(root)


def test_a_devices_certificate_names_it_serves_clients_only_and_lives_for_two_years(signs):
    made = certificate(signs.issue("lock-1", asked()))
    root = x509.load_pem_x509_certificate(signs.ca())
    made.verify_directly_issued_by(root)
    assert [part.value for part in made.subject] == ["lock-1"]
    assert isinstance(made.public_key(), ec.EllipticCurvePublicKey)
    assert made.public_key().curve.name == "secp256r1"
    assert extension(made, x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName) == ["lock-1"]
    assert list(extension(made, x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    constraints = extension(made, x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca) == (True, False)
    assert (NOON - made.not_valid_before_utc, made.not_valid_after_utc - NOON) == (SLACK, DEVICE_LIFE)
    assert extension(made, x509.KeyUsage).value.digital_signature
    assert not extension(made, x509.KeyUsage).value.key_cert_sign
    assert made.serial_number.bit_length() > 64
    key = extension(root, x509.SubjectKeyIdentifier).value.digest
    assert extension(made, x509.AuthorityKeyIdentifier).value.key_identifier == key


def test_a_servers_certificate_stands_for_names_and_addresses_and_serves_servers_only(signs):
    made = x509.load_pem_x509_certificate(signs.server(["box.mission", "127.0.0.1", "::1", "127.0.0.1"]).certificate)
    names = extension(made, x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["box.mission"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    assert list(extension(made, x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_a_certificate_never_outlives_its_root(signs, clock):
    clock.now = signs.until - timedelta(days=10)
    assert certificate(signs.issue("lock-1", asked())).not_valid_after_utc == signs.until
    clock.now = signs.until
    with pytest.raises(PkiError, match="the authority itself ended on 2046-"):
        signs.issue("lock-2", asked("lock-2"))


def test_a_second_certificate_is_asked_for_on_purpose(signs):
    signs.issue("lock-1", asked())
    with pytest.raises(PkiError, match=r"lock-1 has a certificate until 2028-11-21: .*pki renew lock-1.*pki revoke"):
        signs.issue("lock-1", asked())
    again = signs.issue("lock-1", asked(), again=True)
    assert [one.standing(NOON) for one in signs.register.of("lock-1")] == [Standing.VALID] * 2
    assert again.record is signs.register.of("lock-1")[-1] or again.record == signs.register.of("lock-1")[-1]
    with pytest.raises(PkiError, match="lock-2 has no certificate to renew"):
        signs.issue("lock-2", asked("lock-2"), again=True)


@pytest.mark.parametrize("passed", [DEVICE_LIFE, None], ids=["expired", "revoked"])
def test_where_none_counts_any_more_the_next_is_simply_issued(signs, clock, passed):
    signs.issue("lock-1", asked())
    if passed is None:
        signs.revoke("lock-1")
    else:
        clock.now += passed
    assert signs.refused(["lock-1", "lock-2"]) == {"lock-1"}
    signs.issue("lock-1", asked())
    assert signs.refused(["lock-1"]) == frozenset()


def test_revoking_calls_back_all_that_count_and_says_no_where_none_does(signs, clock):
    with pytest.raises(PkiError, match="lock-1 has no certificate that counts: it was never given one"):
        signs.revoke("lock-1")
    first = signs.issue("lock-1", asked()).record
    second = signs.issue("lock-1", asked(), again=True).record
    other = signs.issue("lock-2", asked("lock-2")).record
    assert {one.serial for one in signs.revoke("lock-1")} == {first.serial, second.serial}
    listed = x509.load_pem_x509_crl(signs.crl())
    assert {entry.serial_number for entry in listed} == {first.serial, second.serial}
    assert signs.register.counting("lock-2", NOON) == (other,)
    with pytest.raises(PkiError, match="its last one is revoked"):
        signs.revoke("lock-1")
    clock.now += DEVICE_LIFE
    with pytest.raises(PkiError, match="its last one is expired"):
        signs.revoke("lock-2")


def test_each_list_is_newer_than_the_last_and_none_is_of_the_future(signs, clock):
    lists = [x509.load_pem_x509_crl(signs.crl()) for _ in range(5)]
    times = [one.last_update_utc for one in lists]
    assert times == sorted(set(times))
    assert times[-1] < NOON
    numbers = [one.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number for one in lists]
    assert numbers == [1, 2, 3, 4, 5]
    assert lists[-1].next_update_utc == NOON + LIST_LIFE
    root = x509.load_pem_x509_certificate(signs.ca())
    assert lists[-1].is_signature_valid(root.public_key())
    clock.now -= timedelta(days=3)  # a clock that was wrong, and is set right
    assert x509.load_pem_x509_crl(signs.crl()).last_update_utc <= clock.now


def test_what_was_done_is_there_after_a_restart(signs, tmp_path, clock):
    signs.issue("lock-1", asked())
    signs.issue("lock-2", asked("lock-2"))
    signs.revoke("lock-1")
    signs.crl()
    again = Authority(SecretFiles(tmp_path / "pki"), clock)
    assert again.register == signs.register
    assert again.ca() == signs.ca()
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "pki").iterdir()} == {0o600}


def test_without_an_authority_every_question_has_one_answer(tmp_path):
    absent = Authority(SecretFiles(tmp_path / "pki"))
    assert not absent.exists
    for ask in (
        absent.ca,
        absent.crl,
        lambda: absent.revoke("x"),
        lambda: absent.issue("x", b""),
        lambda: absent.until,
    ):
        with pytest.raises(PkiError, match=r"no certificate authority yet.*pki init"):
            ask()


def test_a_second_authority_would_lock_every_device_out(signs):
    with pytest.raises(PkiError, match="there is an authority already"):
        signs.init("Embassy")


def test_a_half_made_authority_is_made_anew(tmp_path):
    (tmp_path / "pki").mkdir()
    (tmp_path / "pki" / "ca.pem").write_text("a power cut")
    half = Authority(SecretFiles(tmp_path / "pki"))
    half.init("Embassy")
    assert half.ca() != b"a power cut"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("ca.pem", b"", "ca.pem is damaged"),
        ("ca.key", b"no key", "ca.pem is damaged"),
        ("register.json", b"{", "register.json is damaged"),
        ("register.json", b'{"version": 2}', "newer version"),
        ("register.json", b'{"version": 1}', "register.json is damaged"),
        ("register.json", None, "register.json is missing"),
    ],
)
def test_what_is_damaged_is_said_and_never_guessed(signs, tmp_path, name, content, said):
    path = tmp_path / "pki" / name
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises((PkiError, BadRegister), match=said):
        _ = Authority(SecretFiles(tmp_path / "pki")).register


def test_the_certificate_of_another_key_is_not_ours(signs, tmp_path):
    other = profiles.root("Elsewhere", NOON)
    (tmp_path / "pki" / "ca.pem").write_bytes(profiles.pem(other.certificate))
    with pytest.raises(PkiError, match="not the certificate of the key"):
        Authority(SecretFiles(tmp_path / "pki")).ca()


def named(name, key):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])
    return x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, SHA256()).public_bytes(Encoding.PEM)


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (lambda: b"hello", "no signing request"),
        (lambda: asked("controller"), "is for controller, not for lock-1"),
        (lambda: named("lock-1", rsa.generate_private_key(65537, 2048)), "not on P-256"),
        (lambda: named("lock-1", ec.generate_private_key(ec.SECP384R1())), "not on P-256"),
        (lambda: _tampered(asked()), "not signed with the key|no signing request"),
    ],
)
def test_a_request_is_looked_at_before_it_is_signed(signs, request_, said):
    with pytest.raises(BadRequest, match=said):
        signs.issue("lock-1", request_())
    assert signs.register.given == ()


def test_a_request_without_a_name_gets_the_one_it_is_signed_for(signs):
    made = certificate(signs.issue("lock-1", named("", profiles.new_key())))
    assert [part.value for part in made.subject] == ["lock-1"]


def _tampered(pem):
    read = x509.load_pem_x509_csr(pem)
    der = bytearray(read.public_bytes(Encoding.DER))
    der[-1] ^= 1  # in the signature
    return x509.load_der_x509_csr(bytes(der)).public_bytes(Encoding.PEM)


@pytest.mark.parametrize(
    ("left", "standing"),
    [
        (SOON + timedelta(seconds=1), Standing.VALID),
        (SOON, Standing.SOON),
        (timedelta(seconds=1), Standing.SOON),
        (timedelta(0), Standing.EXPIRED),
    ],
)
def test_what_a_certificate_is_worth(left, standing):
    one = Given("lock-1", 7, NOON - DEVICE_LIFE, NOON + left)
    assert one.standing(NOON) is standing
    assert standing.counts is (standing is not Standing.EXPIRED)
    assert Given("lock-1", 7, NOON, NOON + left, NOON).standing(NOON) is Standing.REVOKED


def test_the_register_reads_back_as_it_was_written():
    register = Register((Given("a", 2**150, NOON, NOON + SOON), Given("b", 1, NOON, NOON, NOON)), 4, NOON)
    assert decode(encode(register), "register.json") == register


def test_a_bundle_is_written_for_its_owner_alone_and_never_over_another(signs, tmp_path):
    bundle.equip(signs, ["lock-1"], tmp_path)
    key = tmp_path / "lock-1" / "key.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    with pytest.raises(PkiError, match=r"holds a bundle already.*--to"):
        bundle.refuse_taken(key.parent)
    before = key.read_bytes()
    bundle.equip(signs, ["lock-1"], tmp_path)
    assert key.read_bytes() == before, "one that counts is kept"


@pytest.mark.parametrize("why", ["ends soon", "called back", "other root", "no key"])
def test_a_bundle_that_does_not_count_is_made_anew(signs, tmp_path, clock, why):
    bundle.equip(signs, ["lock-1"], tmp_path)
    certificate_before = (tmp_path / "lock-1" / "cert.pem").read_bytes()
    match why:
        case "ends soon":
            clock.now += DEVICE_LIFE - SOON
        case "called back":
            signs.revoke("lock-1")
        case "other root":
            (tmp_path / "lock-1" / "ca.pem").write_bytes(b"another")
        case _:
            (tmp_path / "lock-1" / "key.pem").unlink()
    bundle.equip(signs, ["lock-1"], tmp_path)
    assert (tmp_path / "lock-1" / "cert.pem").read_bytes() != certificate_before
    assert bundle.counts("lock-1", tmp_path / "lock-1", signs)
