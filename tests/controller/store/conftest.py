"""The places a log may lie in: the same tests run on both."""

from __future__ import annotations

import pytest


@pytest.fixture
def place(request, tmp_path):
    """Where the log lies: a file, or an empty database of the tests' own server. Parametrised by ``on_both``."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql").database()
    path = tmp_path / "a box? #1 100%" / "ostiary.db"
    path.parent.mkdir()
    return path


def pytest_generate_tests(metafunc):
    given = (name for mark in metafunc.definition.iter_markers("parametrize") for name in mark.args[0].split(","))
    if "place" in metafunc.fixturenames and "place" not in given:
        metafunc.parametrize("place", ["sqlite", "postgresql"], indirect=True)
