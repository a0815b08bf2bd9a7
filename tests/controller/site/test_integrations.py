"""The ``[integrations]`` table: where webhooks may go, and the sentence for everything that is wrong in it."""

from __future__ import annotations

import pytest

from controller.domain.integrations import Integrations, origin
from controller.pki.authority import Authority
from controller.site.diff import compare
from controller.site.errors import SiteErrors
from controller.site.loader import parse_site
from tests.certificates import authority


def with_integrations(embassy: str, lines: str) -> str:
    return f"{embassy}\n[integrations]\n{lines}\n"


def test_a_site_that_says_nothing_tells_nobody(embassy):
    assert parse_site(embassy.encode(), "site.toml").integrations == Integrations()
    assert not Integrations().allows("https://192.0.2.20/in")


def test_targets_are_origins_in_one_form(embassy, tmp_path):
    ca: Authority = authority(tmp_path)
    lines = (
        'webhooks = ["https://Hooks.Mission.example/", "https://192.0.2.20:8443"]\n'
        f'personal_data = ["https://192.0.2.20:8443"]\nca = """{ca.ca().decode()}"""'
    )
    known = parse_site(with_integrations(embassy, lines).encode(), "site.toml").integrations
    assert known.targets == {"https://hooks.mission.example:443", "https://192.0.2.20:8443"}
    assert known.allows("https://hooks.mission.example/a/b?c")
    assert not known.hears_names("https://hooks.mission.example/a")
    assert known.hears_names("https://192.0.2.20:8443/a")
    assert known.ca == ca.ca().decode()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('webhooks = "https://192.0.2.20"', "wrong type"),
        ('webhooks = ["ftp://192.0.2.20"]', "is no scheme, host and port"),
        ('webhooks = ["https://192.0.2.20/path"]', "is no scheme, host and port"),
        ('webhooks = ["https://user@192.0.2.20"]', "is no scheme, host and port"),
        ('webhooks = ["https://192.0.2.20:99999"]', "is no scheme, host and port"),
        ('personal_data = ["https://192.0.2.20"]', "is no target"),
        ('ca = "x"', "no certificate in PEM"),
        ("hooks = []", "unknown key"),
    ],
)
def test_what_is_wrong_is_said_at_its_line(embassy, lines, said):
    text = with_integrations(embassy, lines)
    with pytest.raises(SiteErrors) as caught:
        parse_site(text.encode(), "site.toml")
    (error,) = caught.value.errors
    assert said in str(error)
    assert error.line == text.count("\n")


def test_people_are_told_of_encrypted_or_not_at_all(embassy):
    text = with_integrations(embassy, 'webhooks = ["http://192.0.2.20"]\npersonal_data = ["http://192.0.2.20"]')
    with pytest.raises(SiteErrors, match="in clear"):
        parse_site(text.encode(), "site.toml")


def test_a_change_is_told(embassy):
    before = parse_site(embassy.encode(), "site.toml")
    after = parse_site(with_integrations(embassy, 'webhooks = ["https://192.0.2.20"]').encode(), "site.toml")
    (sentence,) = compare(before, after)
    assert "https://192.0.2.20:443" in sentence


@pytest.mark.parametrize(
    ("url", "is_of"),
    [
        ("https://HOST/x", "https://host:443"),
        ("http://[2001:db8::5]:81/x", "http://[2001:db8::5]:81"),
        ("https://a.example\\@evil.example/", None),
        ("https://a b/", None),
        ("https://:443/", None),
        ("https://user:secret@a.example/", None),
        ("https://a.example:port/", None),
        ("gopher://a.example/", None),
        ("https://ä.example/", None),
        ("https://[::1", None),
    ],
)
def test_an_origin_has_one_form(url, is_of):
    assert origin(url) == is_of
