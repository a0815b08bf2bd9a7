"""The control socket: for the box's own user, and always with an answer."""

from __future__ import annotations

import asyncio
import os
import stat

import pytest

from controller.admin import AdminError
from controller.control import SOCKET, ControlServer, ask

pytestmark = pytest.mark.anyio


async def _double(given):
    return {"twice": given["number"] * 2}


async def _refuse(given):
    raise AdminError("not today; come again tomorrow")


async def _break(given):
    raise ZeroDivisionError(given["secret"])


@pytest.fixture
async def server(tmp_path):
    server = ControlServer(tmp_path, {"double": _double, "refuse": _refuse, "break": _break})
    await server.start()
    yield server
    await server.stop()


async def test_a_command_is_answered(server, tmp_path):
    assert await ask(tmp_path, "double", number=21) == {"twice": 42}


async def test_only_the_boxs_own_user_may_open_it(server, tmp_path):
    mode = (tmp_path / SOCKET).stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600
    now = os.umask(0o022)
    os.umask(now)
    assert now != 0o177, "the umask is given back"


async def test_a_no_comes_back_as_its_sentence(server, tmp_path):
    with pytest.raises(AdminError, match="not today; come again tomorrow"):
        await ask(tmp_path, "refuse")


@pytest.mark.parametrize(("command", "given"), [("nonsense", {}), ("double", {}), ("double", {"number": None})])
async def test_what_is_not_understood_is_said(server, tmp_path, command, given):
    with pytest.raises(AdminError, match="not understood"):
        await ask(tmp_path, command, **given)


async def test_a_fault_of_ours_is_answered_and_repeats_no_secret(server, tmp_path):
    with pytest.raises(AdminError, match="a fault of ours") as said:
        await ask(tmp_path, "break", secret="4471")
    assert "4471" not in str(said.value)
    assert await ask(tmp_path, "double", number=1) == {"twice": 2}


@pytest.mark.parametrize("line", [b"{", b"[]", b"null", b"\xff\xfe", b'"x"', b"1" * 5000])
async def test_noise_is_answered_and_the_next_request_is_served(server, tmp_path, line):
    reader, writer = await asyncio.open_unix_connection(tmp_path / SOCKET)
    writer.write(line + b"\n")
    assert b"error" in await reader.readline()
    writer.write(b'{"command": "double", "number": 2}\n')
    assert b"4" in await reader.readline()
    writer.close()


async def test_nothing_goes_on_in_a_box_that_stops(tmp_path):
    begun, ended = asyncio.Event(), []

    async def for_ever(_):
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    server = ControlServer(tmp_path, {"for_ever": for_ever})
    await server.start()
    asked = asyncio.create_task(ask(tmp_path, "for_ever"))
    await begun.wait()
    await server.stop()
    assert ended == [True]
    with pytest.raises(OSError, match="the box ended before it answered"):
        await asked


async def test_a_socket_that_a_killed_box_left_is_taken_over(tmp_path):
    for _ in range(2):
        server = ControlServer(tmp_path, {"double": _double})
        await server.start()
        server._server.close()  # and the file stays, as after kill -9
        assert (tmp_path / SOCKET).exists()


async def test_a_box_that_ends_in_the_middle_is_said(tmp_path):
    async def hang_up(reader, writer):
        await reader.readline()
        writer.close()

    async with await asyncio.start_unix_server(hang_up, tmp_path / SOCKET):
        with pytest.raises(OSError, match="the box ended before it answered"):
            await ask(tmp_path, "double", number=1)


async def test_where_no_box_runs_there_is_no_socket(tmp_path, server):
    await server.stop()
    assert not (tmp_path / SOCKET).exists()
    with pytest.raises(FileNotFoundError):
        await ask(tmp_path, "double", number=1)
